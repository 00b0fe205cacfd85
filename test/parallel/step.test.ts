/** The arithmetic of a step does not depend on how many workers share it. Here all on one thread; segment.test.ts has threads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KernelName } from '../../src/kernels/kernels.js';
import { chooseKernels } from '../../src/kernels/load.js';
import { findAddon } from '../../src/kernels/native.js';
import { ACTIVATIONS, type ActivationName } from '../../src/nn/activations/index.js';
import { groupsFor, LAYER_RATES, PLAIN_GROUPS } from '../../src/nn/groups.js';
import { initialiseParameters } from '../../src/nn/init.js';
import { LOSSES, type LossName } from '../../src/nn/losses/index.js';
import { OPTIMIZERS, type OptimizerName } from '../../src/nn/optimizers/index.js';
import { SCHEDULES, type ScheduleName } from '../../src/nn/schedules/index.js';
import { createInlineStep } from '../../src/parallel/inline.js';
import { createPermutation } from '../../src/random/permutation.js';
import { PURPOSE } from '../../src/random/philox.js';
import { BASE, makeDataset, makePlan, type TestRun } from './fixtures.js';

/** Trains some epochs inline and returns every bit of the parameters, or of their running average. */
function train(run: TestRun, workers: number, kernels: KernelName = 'wasm-fma', epochs = 2): Uint32Array {
  const plan = makePlan(run, workers);
  const step = createInlineStep(plan, chooseKernels(kernels), makeDataset(run));
  initialiseParameters(plan.network, 3, step.parameters);
  let t = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = createPermutation(run.rows, 0, PURPOSE.rowOrder, epoch);
    for (let start = 0; start < run.rows; start += run.batchSize) {
      const rows = Math.min(run.batchSize, run.rows - start);
      const { gradientNorm } = step.differentiate({ order, masks: { seed: 0, epoch }, updates: t, start, rows });
      step.update(++t, gradientNorm);
    }
  }
  return new Uint32Array(step.scored.slice().buffer);
}

const names = <T extends string>(registry: Record<T, unknown>): T[] => Object.keys(registry) as T[];

/** Everything that the recipe has, on some of the inputs. */
const pieces = (inputs: number) =>
  fc.record({
    blend: fc.boolean(),
    inputScale: fc.boolean(),
    residual: fc.boolean(),
    layerNorm: fc.boolean(),
    periodic: fc.integer({ min: 0, max: inputs }),
    embeddings: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 2 }),
  });

/** The recipe's way of updating, beside the plain one. */
const updates = fc.record({
  groups: fc.constantFrom(PLAIN_GROUPS, groupsFor({ biasRate: 0.1, decay: 'weights' })),
  layerRates: fc.constantFrom(...LAYER_RATES),
  decaySchedule: fc.constantFrom<ScheduleName>('constant', 'flat_cosine'),
  dropoutSchedule: fc.constantFrom<ScheduleName>('constant', 'flat_cosine'),
  ema: fc.constantFrom(null, 0.7),
});

const arbitrary = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 4 }),
    activation: fc.constantFrom<ActivationName>(...names(ACTIVATIONS)),
    loss: fc.constantFrom<LossName>(...names(LOSSES)),
    lossConstants: fc.record({
      quantile: fc.constantFrom([0.1], [0.5]),
      labelSmoothing: fc.constantFrom(0, 0.1),
    }),
    rate: fc.record({
      schedule: fc.constantFrom<ScheduleName>(...names(SCHEDULES)),
      warmupSteps: fc.constantFrom(0, 3),
      steps: fc.integer({ min: 1, max: 20 }),
    }),
    dropout: fc.constantFrom(0, 0.3),
    reduction: fc.constantFrom<'mean' | 'sum'>('mean', 'sum'),
    optimizer: fc.constantFrom<OptimizerName>(...names(OPTIMIZERS)),
    l2: fc.constantFrom(0, 0.01),
    clipNorm: fc.constantFrom(null, 0.1),
    weighted: fc.boolean(),
    batchSize: fc.integer({ min: 1, max: 600 }),
    shards: fc.integer({ min: 0, max: 6 }).map((level) => 1 << level),
    rows: fc.integer({ min: 1, max: 700 }),
  })
  .chain((run) => fc.tuple(fc.constant(run), pieces(run.sizes[0]), updates))
  .map(
    ([run, learned, update]): TestRun => ({
      ...run,
      ...update,
      pieces: learned,
      learningRate: 1e-3,
      batchSize: Math.min(run.batchSize, run.rows),
    }),
  );

/** A network with every learned piece, trained with the recipe's groups and schedules. */
const RECIPE: TestRun = {
  ...BASE,
  sizes: [5, 40, 30, 2],
  activation: 'mish',
  dropout: 0.2,
  pieces: { blend: true, inputScale: true, periodic: 3, embeddings: [4, 11] },
  groups: groupsFor({ biasRate: 0.1, decay: 'weights' }),
  layerRates: 'ntk',
  rate: { schedule: 'cosine_log', warmupSteps: 0, steps: 6 },
  decaySchedule: 'flat_cosine',
  dropoutSchedule: 'flat_cosine',
  ema: 0.8,
};

describe('a step', () => {
  it('ends in the same bits for any number of workers, over random networks, losses, optimisers, shards and ragged tails', () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 2, max: 9 }), (run, workers) => {
        expect(train(run, workers)).toEqual(train(run, 1));
      }),
      { numRuns: 120 },
    );
  });

  it('ends in the same bits for any number of workers when the parameters span several chunks', () => {
    for (const change of [{ l2: 0.01 }, { clipNorm: 0.05 }, { l2: 0.1, clipNorm: 0.5, weighted: true }]) {
      const run = { ...BASE, sizes: [30, 100, 90, 3], ...change };
      const one = train(run, 1);
      for (const workers of [2, 3, 5]) expect(train(run, workers)).toEqual(one);
    }
  });

  it('ends in the same bits for 1, 2, 3, 5 and 8 workers, and for native kernels, with every learned piece on', () => {
    const one = train(RECIPE, 1);
    for (const workers of [2, 3, 5, 8]) expect(train(RECIPE, workers)).toEqual(one);
    if (findAddon() !== null) expect(train(RECIPE, 3, 'native')).toEqual(one);
    expect(train({ ...RECIPE, ema: null }, 1)).not.toEqual(one);
    expect(train({ ...RECIPE, dropoutSchedule: 'constant' }, 1)).not.toEqual(one);
  });

  it('ends in the same bits for 1, 2, 3, 5 and 8 workers, and for native kernels, in residual networks with layer norm', () => {
    const sizes = [5, 40, 40, 30, 30, 30, 2];
    for (const activation of ['relu', 'mish'] as const) {
      for (const blend of [false, true]) {
        const run = {
          ...RECIPE,
          sizes,
          activation,
          pieces: { ...RECIPE.pieces, blend, residual: true, layerNorm: true },
        };
        const one = train(run, 1);
        for (const workers of [2, 3, 5, 8]) expect(train(run, workers)).toEqual(one);
        if (findAddon() !== null) expect(train(run, 3, 'native')).toEqual(one);
        expect(train({ ...run, pieces: { ...run.pieces, residual: false } }, 1)).not.toEqual(one);
      }
    }
  });

  it('differs between arithmetics and between shard counts, which are part of the result', () => {
    const run = { ...BASE, sizes: [20, 32, 1] };
    expect(train(run, 1, 'wasm-strict')).not.toEqual(train(run, 1, 'wasm-fma'));
    expect(train({ ...run, shards: 8 }, 1)).not.toEqual(train(run, 1));
  });

  it('keeps the padding of the parameter vector zero, for every activation and optimiser', () => {
    for (const activation of names(ACTIVATIONS)) {
      for (const optimizer of names(OPTIMIZERS)) {
        const learned = {
          blend: true,
          inputScale: true,
          residual: true,
          layerNorm: true,
          periodic: 2,
          embeddings: [3],
        };
        const run = { ...BASE, activation, optimizer, sizes: [3, 5, 11, 11, 2], l2: 0.1, pieces: learned };
        const plan = makePlan(run, 1);
        const bits = train(run, 1);
        const real = new Set<number>();
        for (const tensor of plan.network.tensors) {
          for (let r = 0; r < tensor.rows; r++) {
            for (let c = 0; c < tensor.columns; c++) real.add(tensor.offset + r * tensor.stride + c);
          }
        }
        expect(real.size).toBe(plan.network.trainable);
        bits.forEach((word, i) => {
          if (!real.has(i)) expect(word & 0x7fffffff, `${activation} ${optimizer} element ${i}`).toBe(0);
        });
      }
    }
  });

  it('gives a row of weight 0 no influence at all, even when it holds infinities', () => {
    const run = { ...BASE, weighted: true, loss: 'mse' as const, activation: 'relu' as const };
    const plan = makePlan(run, 2);
    const order = createPermutation(run.rows, 0, PURPOSE.rowOrder, 0);
    const gradientOf = (poison: boolean): Float32Array => {
      const dataset = makeDataset(run);
      const piece = new Float32Array(dataset.pieces[0]);
      // Row 0 has weight 0; its targets sit behind the inputs.
      if (poison) piece[run.sizes[0]] = Number.POSITIVE_INFINITY;
      const step = createInlineStep(plan, chooseKernels('auto'), dataset);
      initialiseParameters(plan.network, 3, step.parameters);
      const full = { order, start: 0, rows: run.batchSize };
      let sum = new Float32Array(0);
      for (let start = 0; start < run.rows; start += run.batchSize) {
        const { data } = step.differentiate({ ...full, start, rows: Math.min(run.batchSize, run.rows - start) });
        expect(data).not.toBeNaN();
        sum = Float32Array.from([...sum, ...step.gradient()]);
      }
      return sum;
    };
    expect(gradientOf(true)).toEqual(gradientOf(false));
  });
});
