/** A plain network beside a member: the shares that suit the held-out rows, and a mixture that the model file can repeat. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitShare } from '../../src/train/companion.js';
import type { TrainConfig } from '../../src/train/config.js';
import { evaluate } from '../../src/train/evaluate.js';
import type { DoneEvent, EpochEvent } from '../../src/train/events.js';
import { loadModel, saveModel } from '../../src/train/model.js';
import { predict } from '../../src/train/predict.js';
import { crossValidate, train } from '../../src/train/run.js';

const sample = (name: string) => fileURLToPath(new URL(`../../data/${name}`, import.meta.url));
const tables = {
  regression: { data: sample('houses.parquet'), target: 'price' },
  binary: { data: sample('houses.parquet'), target: 'renovated' },
  multiclass: { data: sample('flowers.arrow'), target: 'species' },
} as const;

/** Mean log loss of the mixture, straight from its definition. */
function logLoss(share: number, first: number[], second: number[], truth: number[]): number {
  const softmax = (logits: number[]) => {
    const e = logits.map(Math.exp);
    return e.map((v) => v / e.reduce((a, b) => a + b));
  };
  let sum = 0;
  for (let r = 0; r < truth.length; r++) {
    const [p, q] = [first, second].map((all) => softmax(all.slice(3 * r, 3 * r + 3))[truth[r]]);
    sum -= Math.log((1 - share) * p + share * q);
  }
  return sum;
}

const squares = (share: number, first: number[], second: number[], truth: number[]) =>
  truth.reduce((sum, y, r) => sum + (y - (1 - share) * first[r] - share * second[r]) ** 2, 0);

const HUNDREDTHS = Array.from({ length: 101 }, (_, i) => i / 100);

describe('fitShare', () => {
  const numbers = (length: number) =>
    fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: length, maxLength: length });
  const cases = [
    ['regression', 1, squares, numbers(20)],
    ['multiclass', 3, logLoss, fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 20, maxLength: 20 })],
  ] as const;

  it.each(cases)('is at least as good as any other hundredth, of a %s', (task, width, loss, truths) => {
    fc.assert(
      fc.property(numbers(20 * width), numbers(20 * width), truths, (first, second, truth) => {
        const rows = { rows: 20, truth: Float64Array.from(truth), weights: undefined };
        const share = fitShare([Float64Array.from(first), Float64Array.from(second)], width, task, rows);
        const best = Math.min(...HUNDREDTHS.map((of) => loss(of, first, second, truth)));
        // Less than a twentieth is not worth a network.
        const taken = HUNDREDTHS.filter((of) => (of < 0.05 ? 0 : of > 0.95 ? 1 : of) === share);
        const own = Math.min(...taken.map((of) => loss(of, first, second, truth)));
        // The hundredth next to the best share need not be the best of them.
        expect(own).toBeLessThanOrEqual(best * (1 + 1e-4) + 1e-9);
      }),
      { numRuns: 200 },
    );
  });

  it('counts the weights of rows', () => {
    const outputs = [Float64Array.of(0, 0), Float64Array.of(1, 1)] as const;
    const truth = Float64Array.of(0, 1);
    expect(fitShare(outputs, 1, 'regression', { rows: 2, truth, weights: undefined })).toBe(0.5);
    expect(fitShare(outputs, 1, 'regression', { rows: 2, truth, weights: Float64Array.of(1, 3) })).toBe(0.75);
    expect(fitShare(outputs, 1, 'regression', { rows: 2, truth, weights: Float64Array.of(0, 1) })).toBe(1);
  });

  it('is nothing where both say the same', () => {
    const same = Float64Array.of(1, 2);
    const rows = { rows: 2, truth: Float64Array.of(1, 1), weights: undefined };
    expect(fitShare([same, same], 1, 'regression', rows)).toBe(0);
  });
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-companion-'));
});
afterAll(() => rm(folder, { recursive: true }));

const configOf = (table: { data: string; target: string }, more: Partial<TrainConfig> = {}): TrainConfig => ({
  ...table,
  preset: 'default',
  members: 1,
  companion: 'plain',
  hidden: [16],
  epochs: 8,
  workers: 2,
  runsDir: join(folder, 'runs'),
  ...more,
});

/** Values of a regression, or probabilities of all classes. */
async function predictions(model: string, data: string): Promise<number[]> {
  const all: number[] = [];
  for await (const window of predict(model, data)) {
    for (const column of window.columns) if (column.type === 'double') all.push(...column.values);
  }
  return all;
}

describe.each(Object.entries(tables))('a companion (%s)', (task, table) => {
  let done: DoneEvent;
  const epochs: EpochEvent[] = [];
  beforeAll(async () => {
    const run = train(configOf(table, { test: table.data }));
    for await (const event of run) if (event.type === 'epoch') epochs.push(event);
    done = await run.result;
  });

  it('is kept with its share, as a plain network on standardised numbers', async () => {
    const { description } = await loadModel(done.model);
    expect(description.members).toHaveLength(2);
    expect(description.members[0].share + description.members[1].share).toBeCloseTo(1, 12);
    const [recipe, plain] = description.members;
    expect(plain.network).toMatchObject({ activation: 'relu', blend: false, inputScale: false });
    expect(plain.network.sizes.slice(1, -1)).toEqual([256, 256]);
    expect(recipe.network.sizes.slice(1, -1)).toEqual([16]);
    expect(plain.rows).toEqual(recipe.rows);
    expect(plain.seed).toBe(recipe.seed);
    expect(epochs.filter(({ companion }) => companion).length).toBeGreaterThan(0);
    expect(epochs.filter(({ companion }) => !companion)).toHaveLength(8);
  });

  it('makes a mixture that scores no worse on the held-out rows than either', () => {
    const scoreOf = (metrics: object | null | undefined) => {
      return (metrics as Record<string, number>)[task === 'regression' ? 'rmse' : 'logLoss'];
    };
    const mixed = scoreOf(done.metrics.validation);
    // A share is rounded to hundredths.
    for (const { validation } of done.members) expect(mixed).toBeLessThanOrEqual(scoreOf(validation) * (1 + 1e-4));
  });

  it('is part of what the model predicts, by its share', async () => {
    expect((await evaluate(done.model, table.data, { workers: 1 })).metrics).toEqual(done.metrics.test);
    const { description, members } = await loadModel(done.model);
    const each = members.map(async (member, i) => {
      const path = join(folder, `${task}-${i}.safetensors`);
      const values = member.tensors.map(({ data }) => data);
      await saveModel(path, { ...description, members: [member.description] }, [values]);
      return predictions(path, table.data);
    });
    const [mixed, first, second] = await Promise.all([predictions(done.model, table.data), ...each]);
    const [{ share }] = members.map((member) => member.description);
    expect(mixed).toHaveLength(first.length);
    mixed.forEach((value, i) => {
      const wanted = share * first[i] + (1 - share) * second[i];
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(wanted)));
    });
  });

  it('has the same bits for 1, 2 and 3 workers', async () => {
    const runs = await Promise.all([1, 3].map((workers) => train(configOf(table, { workers })).result));
    for (const other of runs) {
      expect(other.weightsSha256).toBe(done.weightsSha256);
      expect(other.members).toEqual(done.members);
    }
  });
});

describe('who gets a companion', () => {
  it('is a member of the recipe, and no training of which the network was given', async () => {
    const recipe = await train({ ...tables.multiclass, members: 1, epochs: 2, runsDir: join(folder, 'a') }).result;
    expect(recipe.members.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    const given = train({ ...tables.multiclass, hidden: [8], epochs: 2, runsDir: join(folder, 'b') });
    for await (const event of given) if (event.type === 'start') expect(event.config.companion).toBe('none');
    const byItself = train({ ...tables.multiclass, epochs: 2, runsDir: join(folder, 'c') });
    for await (const event of byItself) if (event.type === 'start') expect(event.config.companion).toBe('plain');
  });

  it('is each member of each fold', async () => {
    const config = configOf(tables.multiclass, { epochs: 2, members: 2 });
    const { folds } = await crossValidate(config, { folds: 2 }).result;
    for (const { epochs } of folds) expect(epochs.length).toBeGreaterThanOrEqual(2);
  });

  it('is none without rows to mix by, nor with a loss that mixtures are not judged by', async () => {
    const none = () => train(configOf(tables.regression, { validation: 0 })).result;
    await expect((async () => none())()).rejects.toMatchObject({ code: 'needs_validation' });
    const other = () => train(configOf(tables.regression, { loss: 'mae' })).result;
    await expect((async () => other())()).rejects.toMatchObject({ code: 'unread_option' });
  });
});
