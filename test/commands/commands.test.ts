/** The commands as a user runs them, one after the other, on small tables. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoneEvent, TrainEvent } from '../../src/train/events.js';
import { weightsSha256 } from '../../src/train/safetensors.js';
import { CLI, type Outcome, runCli } from './run-cli.js';
import { writeArrowFile } from './tables.js';

let folder: string;
const rows = Array.from({ length: 400 }, (_, r) => r);
const x = rows.map((r) => ((r * 37) % 101) / 10);
const color = rows.map((r) => ['red', 'green', 'blue'][r % 3]);
const y = rows.map((r) => 1000 + 20 * x[r] + (color[r] === 'red' ? 50 : 0));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-commands-'));
  await writeArrowFile(join(folder, 'lines.arrow'), {
    'row, number': rows,
    x: rows.map((r) => (r % 50 === 7 ? null : x[r])),
    color,
    y,
    isHigh: y.map((value) => value > 1100),
  });
  // The same features in another order, with a value never seen, a missing one, and a column that is not asked for.
  await writeArrowFile(join(folder, 'new.arrow'), {
    more: [1, 2, 3],
    color: ['violet', null, 'red'],
    x: [1, 2, null],
  });
});
afterAll(() => rm(folder, { recursive: true }));

function lines<T>({ stdout }: Outcome): T[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}

const trainArgs = (...args: string[]) => [
  ...['train', 'lines.arrow', '--exclude', 'row, number', '--workers', '2', '--hidden', '16'],
  ...['--learning-rate', '0.01', '--batch-size', '32', '--shards', '4', ...args],
];

describe('a regression', () => {
  let outcome: Outcome;
  let events: TrainEvent[];
  let done: DoneEvent;
  beforeAll(async () => {
    const args = trainArgs('--target', 'y', '--exclude', 'isHigh', '--epochs', '20', '--name', 'lines', '--json');
    outcome = await runCli(args, folder);
    events = lines(outcome);
    done = events.at(-1) as DoneEvent;
  });

  it('is trained: events on standard output, progress on standard error, exit code 0', () => {
    expect(outcome.code).toBe(0);
    expect(events[0]).toMatchObject({
      type: 'start',
      rows: { train: 320, validation: 80 },
      inputs: ['x', 'x is missing', 'color = blue', 'color = green', 'color = red'],
      network: { sizes: [5, 16, 1] },
      task: 'regression',
      runDir: join('runs', 'lines-1'),
    });
    expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(20);
    expect(events.map(({ type }) => type)).toContain('step');
    expect(done.type).toBe('done');
    expect(outcome.stderr).toContain('epoch 20/20');
  });

  it('has learnt what there is to learn', () => {
    expect((done.metrics.validation as { r2: number }).r2).toBeGreaterThan(0.9);
  });

  it('says what memory it took: rows of a number, a code and a target, and 2 workers with 2 gradients or more', () => {
    const parameters = 5 * 16 + 16 + 16 + 1;
    expect(done.memory.rows).toBe(400 * 3 * 4);
    expect(done.memory.steps).toBeGreaterThan(4 * parameters * (1 + 2 + 2 + 2));
    expect(done.memory.peak).toBeGreaterThan(2e7 + done.memory.steps + done.memory.rows);
    expect(done.memory.peak).toBeLessThan(2e9);
  });

  it('leaves a run directory whose model has the hash that was printed', async () => {
    const run = join(folder, done.runDir);
    expect((await readdir(run)).sort()).toEqual([
      'config.json',
      'environment.json',
      'metrics.jsonl',
      'model.safetensors',
    ]);
    expect(await weightsSha256(join(folder, done.model))).toBe(done.weightsSha256);
    expect(JSON.parse(await readFile(join(run, 'config.json'), 'utf8'))).toMatchObject({
      target: 'y',
      epochs: 20,
      l2: 0,
    });
    const metrics = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(metrics.length).toBeGreaterThanOrEqual(20);
    for (const line of metrics) JSON.parse(line);
  });

  it('predicts a table with other columns, and keeps what it is told to', async () => {
    const args = [
      'predict',
      'runs/lines-1',
      'lines.arrow',
      '--out',
      'out.arrow',
      '--keep',
      'row, number',
      '--keep',
      'color,y',
    ];
    expect(await runCli(args, folder)).toMatchObject({ code: 0, stdout: '400 predictions in out.arrow\n' });
    const table = tableFromIPC(await readFile(join(folder, 'out.arrow')));
    expect(table.schema.fields.map(({ name }) => name)).toEqual(['prediction', 'row, number', 'color', 'y']);
    expect([...table.getChild('row, number')!]).toEqual(rows);
    expect([...table.getChild('color')!]).toEqual(color);

    const fresh = await runCli(['predict', 'runs/lines-1', 'new.arrow', '--out', 'new.csv', '--json'], folder);
    expect(lines(fresh)).toEqual([{ type: 'done', rows: 3, out: 'new.csv' }]);
    const csv = (await readFile(join(folder, 'new.csv'), 'utf8')).split('\n');
    expect(csv).toHaveLength(5);
    for (const value of csv.slice(1, 4)) expect(Number(value)).toBeGreaterThan(900);
  });

  it('is scored by evaluate as its predictions score', async () => {
    const [{ metrics, ...rest }] = lines<{ metrics: Record<string, number> }>(
      await runCli(['evaluate', 'runs/lines-1/model.safetensors', 'lines.arrow', '--json'], folder),
    );
    expect(rest).toEqual({ type: 'done', rows: 400 });
    const table = tableFromIPC(await readFile(join(folder, 'out.arrow')));
    const errors = [...table.getChild('prediction')!].map((prediction: number, r) => prediction - y[r]);
    const rmse = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    // The truth that evaluate sees went through float32.
    expect(metrics.rmse).toBeCloseTo(rmse, 2);
    expect(Object.keys(metrics)).toEqual(['rmse', 'mae', 'r2', 'mape']);
  });

  it('is shown by inspect', async () => {
    const text = (await runCli(['inspect', 'runs/lines-1'], folder)).stdout;
    for (const word of ['5-16-1', done.weightsSha256, '"y" (regression)', 'one of 3: blue, green, red']) {
      expect(text).toContain(word);
    }
    const [json] = lines<object>(await runCli(['inspect', 'runs/lines-1', '--json'], folder));
    expect(json).toMatchObject({ kind: 'model', weightsSha256: done.weightsSha256, network: { sizes: [5, 16, 1] } });
  });

  it('of the recipe shows its scaling, bins and range by inspect, and predict keeps to the range', async () => {
    const args = trainArgs('--target', 'y', '--exclude', 'isHigh', '--steps', '3', '--name', 'recipe');
    const recipe = ['--scale', 'robust', '--encode', 'piecewise,sign', '--clamp-target', '--scale-target', 'none'];
    const { stderr, code } = await runCli([...args, ...recipe, '--quiet'], folder);
    expect([stderr, code]).toEqual(['', 0]);
    const { stdout } = await runCli(['inspect', 'runs/recipe-1'], folder);
    for (const word of ['bent to stay within -3 and 3, ', ' bins', 'predictions kept within '])
      expect(stdout).toContain(word);
    await runCli(['predict', 'runs/recipe-1', 'lines.arrow', '--out', 'kept.arrow', '--quiet'], folder);
    const predictions = [...tableFromIPC(await readFile(join(folder, 'kept.arrow'))).getChild('prediction')!];
    // After three steps the network still puts out little; the target is 1000 and more.
    expect(new Set(predictions)).toEqual(new Set([Math.fround(Math.min(...y))]));
  });

  it('is kept when a value of the test table cannot be used', async () => {
    await writeArrowFile(join(folder, 'infinite.arrow'), {
      x: [1, Number.POSITIVE_INFINITY],
      color: ['red', 'red'],
      y: [1000, 1000],
    });
    const args = trainArgs('--target', 'y', '--exclude', 'isHigh', '--steps', '1', '--name', 'kept');
    const { code, stderr } = await runCli([...args, '--test', 'infinite.arrow', '--quiet'], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: column "x" holds Infinity at row 1 of infinite\.arrow .*The model is kept in (.*)\.\n$/,
    );
    expect(await readdir(join(folder, 'runs', 'kept-1'))).toContain('model.safetensors');
  });

  it('refuses a table without a column that it needs', async () => {
    await writeArrowFile(join(folder, 'short.arrow'), { colour: ['red'], x: [1] });
    const { code, stderr } = await runCli(['predict', 'runs/lines-1', 'short.arrow', '--out', 'short.csv'], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*short\.arrow has no column "color".*"colour".*\n$/);
    expect(await readdir(folder)).not.toContain('short.csv');
  });
});

describe('a classification', () => {
  it('predicts classes in the type of the target, with probabilities that sum to 1', async () => {
    const trained = await runCli(trainArgs('--target', 'isHigh', '--exclude', 'y', '--epochs', '5', '--json'), folder);
    const done = lines<DoneEvent>(trained).at(-1)!;
    expect(Object.keys(done.metrics.validation!)).toEqual([
      'accuracy',
      'logLoss',
      'auc',
      'averagePrecision',
      'balancedAccuracy',
      'f1',
    ]);
    await runCli(['predict', done.runDir, 'lines.arrow', '--out', 'classes.arrow'], folder);
    const table = tableFromIPC(await readFile(join(folder, 'classes.arrow')));
    const [prediction, no, yes] = ['prediction', 'probability_false', 'probability_true'].map((name) => [
      ...table.getChild(name)!,
    ]);
    for (const r of rows) {
      expect(no[r] + yes[r]).toBeCloseTo(1, 12);
      expect(prediction[r]).toBe(yes[r] > no[r]);
    }
    const { stdout } = await runCli(['evaluate', done.runDir, 'lines.arrow'], folder);
    expect(stdout).toMatch(
      /^rows +400\naccuracy +[\d.]+\nlogLoss +[\d.]+\nauc +[\d.]+\naveragePrecision +[\d.]+\nbalancedAccuracy +[\d.]+\nf1 +[\d.]+\n\n/,
    );
    const [header, ...counts] = stdout.split('\n\n')[1].trimEnd().split('\n');
    expect(header).toMatch(/^is \\ taken for +false +true$/);
    expect(counts.map((line) => line.split(/ +/)[0])).toEqual(['false', 'true']);
    const total = counts.flatMap((line) => line.split(/ +/).slice(1)).reduce((sum, count) => sum + Number(count), 0);
    expect(total).toBe(400);
  });
});

describe('inspect of a table', () => {
  it('shows schema and statistics', async () => {
    const [json] = lines<object>(await runCli(['inspect', 'lines.arrow', '--json'], folder));
    expect(json).toMatchObject({ kind: 'table', format: 'Arrow IPC', rows: 400 });
    const { stdout } = await runCli(['inspect', 'lines.arrow'], folder);
    expect(stdout).toMatch(/^x +Float64 +number +8 /m);
    expect(stdout).toMatch(/^color +Utf8 +category +0 +3$/m);
  });
});

describe('a reader of standard output', () => {
  it('that goes away does not stop a run', async () => {
    const args = trainArgs('--target', 'y', '--epochs', '20', '--name', 'unread', '--json');
    const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    child.stderr.resume();
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect(await readdir(join(folder, 'runs', 'unread-1'))).toContain('model.safetensors');
  });
});
