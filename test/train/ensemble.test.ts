/** Ensembles through the public doors: what they say is the average of what their members say as models of their own. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainConfig } from '../../src/train/config.js';
import { averageOutputs, memberSeed } from '../../src/train/ensemble.js';
import { evaluate } from '../../src/train/evaluate.js';
import type { DoneEvent, TrainEvent } from '../../src/train/events.js';
import { loadModel } from '../../src/train/model.js';
import { predict } from '../../src/train/predict.js';
import { train } from '../../src/train/run.js';

const sample = (name: string) => fileURLToPath(new URL(`../../data/${name}`, import.meta.url));
const houses = { data: sample('houses.parquet'), target: 'price' };
const flowers = { data: sample('flowers.arrow'), target: 'species' };
const renovated = { data: sample('houses.parquet'), target: 'renovated' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-ensemble-'));
});
afterAll(() => rm(folder, { recursive: true }));

const small: Partial<TrainConfig> = {
  hidden: [16],
  activation: 'selu',
  learningRate: 0.02,
  epochs: 3,
  restore: 'best',
};

function configOf(given: Partial<TrainConfig> & { target: string }): TrainConfig {
  return { ...small, preset: 'fast', members: 3, workers: 2, runsDir: join(folder, 'runs'), seed: 5, ...given };
}

/** The columns of numbers that a model predicts. */
async function predictions(model: string, data: string): Promise<Map<string, Float64Array>> {
  const columns = new Map<string, Float64Array>();
  for await (const window of predict(model, data)) {
    for (const column of window.columns) if (column.type === 'double') columns.set(column.name, column.values);
  }
  return columns;
}

describe.each([
  ['regression', houses, 1e-12],
  ['binary', renovated, 1e-12],
  ['multiclass', flowers, 1e-12],
] as const)('an ensemble (%s)', (task, table, tolerance) => {
  let whole: DoneEvent;
  let singles: DoneEvent[];
  beforeAll(async () => {
    whole = await train(configOf({ ...table, test: table.data })).result;
    singles = [];
    for (const { seed } of whole.members) singles.push(await train(configOf({ ...table, members: 1, seed })).result);
  });

  it('has members that are what single models are with their seeds, one after the other in one file', async () => {
    expect(whole.members.map(({ seed }) => seed)).toEqual([0, 1, 2].map((m) => memberSeed(5, m)));
    expect(new Set(whole.members.map(({ seed }) => seed)).size).toBe(3);
    const { members } = await loadModel(whole.model);
    expect(members).toHaveLength(3);
    for (const [m, member] of members.entries()) {
      expect([member]).toEqual((await loadModel(singles[m].model)).members);
      expect(whole.members[m]).toEqual(singles[m].members[0]);
      expect(member.description.temperature === 1).toBe(task === 'regression');
    }
  });

  it(`predicts the mean of what they predict, to ${tolerance} of it`, async () => {
    const mean = await predictions(whole.model, table.data);
    const all = await Promise.all(singles.map(({ model }) => predictions(model, table.data)));
    expect(mean.size).toBe(task === 'regression' ? 1 : task === 'binary' ? 2 : 4);
    for (const [name, values] of mean) {
      const furthest = values.reduce((most, value, r) => {
        const own = all.map((columns) => columns.get(name)![r]);
        const wanted = own.reduce((sum, v) => sum + v, 0) / 3;
        return Math.max(most, Math.abs(value / wanted - 1));
      }, 0);
      expect(furthest).toBeLessThan(tolerance);
      // They differ: an average of the same would show nothing.
      expect(all[0].get(name)).not.toEqual(all[1].get(name));
    }
  });

  it('is scored as a whole, by the training as by evaluate, and validated by the mean of its members', async () => {
    const { metrics } = await evaluate(whole.model, table.data, { workers: 1 });
    expect(metrics).toEqual(whole.metrics.test);
    const [name] = task === 'regression' ? ['rmse'] : ['logLoss'];
    const scoreOf = (of: object | null | undefined) => (of as Record<string, number>)[name];
    const mean = singles.reduce((sum, { metrics: own }) => sum + scoreOf(own.validation), 0) / 3;
    expect(scoreOf(whole.metrics.validation)).toBeCloseTo(mean, 12);
  });
});

describe('a run of several members', () => {
  it('has the same bits for 1, 2 and 3 workers', async () => {
    const [first, ...others] = await Promise.all(
      [1, 2, 3].map((workers) => train(configOf({ ...renovated, test: renovated.data, workers })).result),
    );
    for (const other of others) {
      expect(other.weightsSha256).toBe(first.weightsSha256);
      expect(other.metrics).toEqual(first.metrics);
      expect(other.members).toEqual(first.members);
    }
  });

  it('says whose steps and epochs are told, and looks ahead to the end of all', async () => {
    const events: TrainEvent[] = [];
    for await (const event of train(configOf(flowers))) events.push(event);
    expect(events.filter(({ type }) => type === 'start')).toHaveLength(1);
    const epochs = events.filter((event) => event.type === 'epoch');
    expect(epochs.map(({ member, epoch }) => [member, epoch])).toEqual(
      [1, 2, 3].flatMap((m) => [1, 2, 3].map((e) => [m, e])),
    );
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.at(-1)!.eta).toBe(0);
    expect(steps.filter(({ member }) => member === 1).every(({ eta }) => eta > 0)).toBe(true);
  });

  it.each([
    [1, /the weights of step \d+, and member 1, are kept in/, 2],
    [2, /; member 1 is kept in/, 1],
  ])(
    'keeps what was learned when its second member diverges (seed %i), and the config of that one',
    async (seed, kept, left) => {
      const runsDir = join(folder, `diverged-${seed}`);
      const rate = { optimizer: 'sgd', learningRate: 0.8, batchSize: 64, epochs: 3, activation: 'relu' } as const;
      const config = {
        ...houses,
        ...rate,
        preset: 'sgd',
        hidden: [8],
        restore: 'last',
        seed,
        runsDir,
        kernels: 'wasm-fma',
      } as const;
      const diverged = await train(configOf({ ...config, hidden: [8], members: 2 })).result.catch((error) => error);
      expect(diverged).toMatchObject({ code: 'diverged', message: expect.stringMatching(kept) });
      expect((await loadModel(join(runsDir, 'houses-1'))).members).toHaveLength(left);
      const written = JSON.parse(await readFile(join(runsDir, 'houses-1', 'config.json'), 'utf8'));
      expect(written).toMatchObject({ seed: memberSeed(seed, 1), members: 1 });
      const again = await train(written).result.catch((error) => error);
      const step = /the loss of step \d+ .* grew most/;
      expect(step.exec(again.message)![0]).toBe(step.exec(diverged.message)![0]);
    },
  );

  it('leaves nothing when it is interrupted in the middle of its second member', async () => {
    const stop = new AbortController();
    const runsDir = join(folder, 'stopped');
    const run = train(configOf({ ...flowers, runsDir }), { signal: stop.signal });
    const watching = (async () => {
      for await (const event of run) if (event.type === 'epoch' && event.member === 2) stop.abort();
    })();
    await expect(watching).rejects.toMatchObject({ kind: 'interrupted' });
    await expect(readdir(runsDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('averageOutputs', () => {
  it('averages probabilities that no float can hold the logits of', () => {
    const [ratio] = averageOutputs([Float32Array.of(-2000), Float32Array.of(-2000)], [1, 1], 1, 'binary');
    expect(ratio).toBeCloseTo(-2000, 9);
    const logs = averageOutputs([Float32Array.of(0, -3000), Float32Array.of(0, -1000)], [1, 1], 2, 'multiclass');
    expect([...logs]).toEqual([0, -1000 - Math.log(2)]);
  });

  it('is what a single member says', () => {
    const logits = Float32Array.of(1, 2, 3);
    expect(averageOutputs([logits], [1], 3, 'multiclass')).toBe(logits);
  });
});
