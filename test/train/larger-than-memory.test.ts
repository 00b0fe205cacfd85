/** Rows kept in a temporary file: the weights, losses and scores that rows in memory give, on any number of workers. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig, type TrainConfig } from '../../src/train/config.js';
import type { DoneEvent, TrainEvent } from '../../src/train/events.js';
import type { RowSizes } from '../../src/train/rows.js';
import { runTraining } from '../../src/train/trainer.js';
import { writeArrow, writeParquet } from '../data/tables.js';

let folder: string;
let parquet: string;
let arrow: string;
const ROWS = 24_000;

/** Windows of 2048 rows at most, for rows of 20 bytes. */
const ORDER: RowSizes['order'] = { wholeBytes: 1000, groupBytes: 700, windowGroups: 64 };
const SAMPLE: RowSizes['sample'] = { wholeBytes: 1000, rows: 3000, bytes: 1 << 20 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-large-'));
  const rows = Array.from({ length: ROWS }, (_, r) => r);
  const x = rows.map((r) => ((r * 37) % 1009) / 100);
  const cells = {
    x: rows.map((r) => (r % 50 === 7 ? null : x[r])),
    color: rows.map((r) => ['red', 'green', 'blue'][r % 3]),
    weight: rows.map((r) => r % 4),
    y: rows.map((r) => (r === 9 ? null : 1000 + 20 * x[r] + (r % 3 === 0 ? 50 : 0))),
    isHigh: rows.map((r) => x[r] > 5 !== (r % 11 === 0)),
  };
  parquet = await writeParquet(cells, 4096);
  arrow = writeArrow(cells, 3000);
});
afterAll(() => rm(folder, { recursive: true }));

const RECIPE: Partial<TrainConfig> = {
  scale: 'robust',
  encode: ['piecewise', 'sign', 'periodic'],
  init: 'calibrated',
  learnedActivation: true,
  inputScale: true,
  ema: 0.9,
};

interface Run {
  readonly keptIn: string | undefined;
  readonly done: DoneEvent;
  /** What the run says but for times and paths. */
  readonly told: unknown;
}

async function run(
  config: Partial<TrainConfig>,
  storage: RowSizes['storage'],
  signal = new AbortController().signal,
): Promise<Run> {
  const events: TrainEvent[] = [];
  const options = { data: parquet, target: 'y', hidden: [8], epochs: 2, batchSize: 300, shards: 2, runsDir: folder };
  const resolved = resolveConfig({ ...options, exclude: ['isHigh'], dropMissingTarget: true, workers: 1, ...config });
  const done = await runTraining(resolved, signal, (event) => void events.push(event), {
    order: ORDER,
    storage,
    sample: SAMPLE,
  });
  const epochs = events.flatMap((event): TrainEvent[] =>
    event.type === 'epoch' ? [{ ...event, seconds: 0 }] : event.type === 'warning' ? [event] : [],
  );
  const keptIn = events.find((event) => event.type === 'start')?.rows.keptIn;
  return { keptIn, done, told: { epochs, metrics: done.metrics, weights: done.weightsSha256, steps: done.steps } };
}

describe('a run whose rows are in a temporary file', () => {
  it.each([
    ['a regression', {}],
    ['weighted', { weightColumn: 'weight', clipNorm: 1 }],
    ['a classification', { target: 'isHigh', exclude: ['y'] }],
    ['a weighted classification', { target: 'isHigh', exclude: ['y'], weightColumn: 'weight' }],
    ['robust scaling, bins, learned inputs, calibrated weights', RECIPE],
    ['held out by groups', { split: 'group:color' }],
    ['held out by time', { split: 'time:x', validation: 0.3 }],
    ['held out of every class', { target: 'isHigh', exclude: ['y'], split: 'stratified' }],
    ['nothing held out', { validation: 0 }],
    ['batches longer than a window', { batchSize: 5000 }],
    ['fewer steps than an epoch has', { steps: 15, validation: 0.5 }],
    ['members, each with a temperature', { target: 'isHigh', exclude: ['y'], members: 2, temperature: 'fit' }],
  ] as [string, Partial<TrainConfig>][])(
    'ends as one whose rows are in memory, told and scored alike: %s',
    async (_, config) => {
      const inMemory = await run({ ...config, exclude: [...(config.exclude ?? ['isHigh'])] }, 'memory');
      const inFile = await run({ ...config, exclude: [...(config.exclude ?? ['isHigh'])] }, 'file');
      expect(inFile.told).toEqual(inMemory.told);
      expect([inFile.keptIn, inMemory.keptIn]).toEqual(['file', 'memory']);
    },
  );

  it('ends in the same bits on any number of workers, from Arrow and Parquet, twice', async () => {
    const first = await run({}, 'file');
    expect((await run({}, 'file')).told).toEqual(first.told);
    expect((await run({ workers: 2 }, 'file')).told).toEqual(first.told);
    expect((await run({ data: arrow, workers: 2 }, 'file')).done.weightsSha256).toBe(first.done.weightsSha256);
    const encoded = await run(RECIPE, 'file');
    expect((await run({ ...RECIPE, workers: 2 }, 'memory')).done.weightsSha256).toBe(encoded.done.weightsSha256);
    expect((await run({ ...RECIPE, data: arrow, workers: 3 }, 'file')).done.weightsSha256).toBe(
      encoded.done.weightsSha256,
    );
  });

  it('leaves what a run leaves, and says beside it how rows were ordered', async () => {
    const { done } = await run({ validation: arrow, name: 'left' }, 'file');
    const names = ['config.json', 'environment.json', 'metrics.jsonl', 'model.safetensors'];
    expect((await readdir(done.runDir)).sort()).toEqual(names);
    const environment = JSON.parse(await readFile(join(done.runDir, 'environment.json'), 'utf8'));
    expect(environment.rowOrder).toEqual({ rows: ROWS - 1, groupRows: 32, windows: 12, windowRows: 2048 });
    expect(done.throughput.seconds.input).toBeGreaterThanOrEqual(0);
  });

  it('ends with one line where the disk fills up while rows are written, and leaves nothing', async () => {
    const own = await mkdtemp(join(folder, 'full-'));
    const config = { data: parquet, target: 'y', dropMissingTarget: true, workers: 2, runsDir: own };
    const script = `
      const dist = ${JSON.stringify(new URL('../../dist/src/train/', import.meta.url))};
      const { resolveConfig } = await import(dist + 'config.js');
      const { runTraining } = await import(dist + 'trainer.js');
      const sizes = { order: ${JSON.stringify(ORDER)}, storage: 'file' };
      const config = resolveConfig(${JSON.stringify(config)});
      await runTraining(config, new AbortController().signal, () => {}, sizes).catch(({ code, message, kind }) =>
        console.log(JSON.stringify({ code, message, kind })));`;
    // No file of this process may grow beyond 100 blocks of 512 or 1024 bytes: to a writer that is a disk that is full.
    const args = ['-c', 'ulimit -f 100 && exec "$0" --input-type=module -e "$1"', process.execPath, script];
    const { stdout } = await promisify(execFile)('sh', args);
    expect(JSON.parse(stdout)).toEqual({
      code: 'disk_full',
      message: expect.stringMatching(/^cannot spool .*\.parquet to a temporary file in .*: no space left$/),
      kind: 'input',
    });
    expect(await readdir(own)).toEqual([]);
  });

  // The note on the row without a target comes when all is decided and no row has been spooled yet.
  it.each(['warning', 'start', 'step', 'epoch'] as const)(
    'leaves nothing when it is interrupted at its first %s',
    async (type) => {
      const controller = new AbortController();
      const own = await mkdtemp(join(folder, 'interrupted-'));
      const options = { data: parquet, target: 'y', dropMissingTarget: true, epochs: 1000, batchSize: 300 };
      const resolved = resolveConfig({ ...options, runsDir: own });
      const emit = (event: TrainEvent) => {
        if (event.type === type) controller.abort();
      };
      const running = runTraining(resolved, controller.signal, emit, { order: ORDER, storage: 'file' });
      await expect(running).rejects.toMatchObject({ code: 'interrupted' });
      expect(await readdir(own)).toEqual([]);
    },
  );
});
