/** Segments on real threads: the same bits as the step inline, for any number of workers; stopping, diverging, dying. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseKernels } from '../../src/kernels/load.js';
import { initialiseParameters } from '../../src/nn/init.js';
import { LOSS_DEFAULTS } from '../../src/nn/losses/loss.js';
import { createInlineStep } from '../../src/parallel/inline.js';
import { BLOCK_ROWS } from '../../src/parallel/plan.js';
import { createPool, type Pool } from '../../src/parallel/pool.js';
import {
  forwardRows,
  openSession,
  parameterView,
  runSegment,
  type SegmentOutcome,
} from '../../src/parallel/session.js';
import { createPermutation } from '../../src/random/permutation.js';
import { PURPOSE } from '../../src/random/philox.js';
import { BASE, makeDataset, makePlan, orderOf, type TestRun } from './fixtures.js';

const kernels = chooseKernels('auto');
const pools = new Map<number, Pool>();
function poolOf(threads: number): Pool {
  const pool = pools.get(threads) ?? createPool(threads);
  pools.set(threads, pool);
  return pool;
}
afterAll(() => Promise.all([...pools.values()].map((pool) => pool.close())));

const sha256 = (values: Float32Array): string => createHash('sha256').update(values.slice()).digest('hex');

interface Trained {
  hash: string;
  losses: number[];
}

async function trainThreads(
  run: TestRun,
  workers: number,
  epochs = 2,
  cut = Number.POSITIVE_INFINITY,
  between: (segment: number) => Promise<unknown> = async () => {},
): Promise<Trained> {
  const plan = makePlan(run, workers);
  const session = openSession(plan, poolOf(workers), kernels);
  initialiseParameters(plan.network, 3, parameterView(session));
  const dataset = makeDataset(run);
  const perEpoch = Math.ceil(run.rows / run.batchSize);
  const losses: number[] = [];
  let segment = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let first = 0; first < perEpoch; first += cut) {
      const batches = Math.min(cut, perEpoch - first);
      const request = { segment: segment++, order: orderOf(dataset, epoch), firstBatch: first, batches };
      const updates = losses.filter((loss) => !Number.isNaN(loss)).length;
      const outcome = await runSegment(session, dataset, { ...request, updates }, undefined);
      expect(outcome.status).toBe('done');
      losses.push(...outcome.losses);
      await between(segment);
    }
  }
  return { hash: sha256(parameterView(session)), losses };
}

function trainInline(run: TestRun, epochs = 2): Trained {
  const plan = makePlan(run, 1);
  const step = createInlineStep(plan, kernels, makeDataset(run));
  initialiseParameters(plan.network, 3, step.parameters);
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = createPermutation(run.rows, 0, PURPOSE.rowOrder, epoch);
    for (let start = 0; start < run.rows; start += run.batchSize) {
      const rows = Math.min(run.batchSize, run.rows - start);
      const { data, penalty, totalWeight, gradientNorm } = step.differentiate({
        order,
        masks: { seed: 0, epoch },
        start,
        rows,
      });
      losses.push(data + penalty);
      if (totalWeight > 0) step.update(losses.filter((loss) => !Number.isNaN(loss)).length, gradientNorm);
    }
  }
  return { hash: sha256(step.parameters), losses };
}

describe('a segment on threads', () => {
  it('gives the bits of the inline step for 1, 2, 3, 5 and 8 workers, losses included', async () => {
    const variants: TestRun[] = [
      BASE,
      { ...BASE, l2: 0.01, clipNorm: 0.05, optimizer: 'momentum' },
      { ...BASE, sizes: [30, 100, 90, 1], activation: 'relu', shards: 64, batchSize: 100, optimizer: 'nesterov' },
      { ...BASE, batchSize: BASE.rows, shards: 1, activation: 'sigmoid' },
      { ...BASE, activation: 'mish', dropout: 0.2, optimizer: 'rmsprop', loss: 'quantile' },
    ];
    for (const run of variants) {
      const expected = trainInline(run);
      for (const workers of [1, 2, 3, 5, 8]) expect(await trainThreads(run, workers)).toEqual(expected);
    }
  });

  it('gives the same bits however an epoch is cut into segments', async () => {
    const expected = trainInline({ ...BASE, batchSize: 10 });
    for (const cut of [1, 3, 7]) expect(await trainThreads({ ...BASE, batchSize: 10 }, 3, 2, cut)).toEqual(expected);
  });

  it('gives the same bits when all or some of its threads work for other runs in between', async () => {
    const run = { ...BASE, batchSize: 10 };
    const other = { ...BASE, sizes: [4, 9, 1], rows: 60 };
    const expected = [trainInline(run), trainInline(other, 1)];
    const dataset = makeDataset(other);
    const between = async (segment: number): Promise<void> => {
      if (segment % 3 === 1) return;
      if (segment % 3 === 2) expect(await trainThreads(other, 3, 1, 1)).toEqual(expected[1]);
      else await forwardRows(openSession(makePlan(other, 3), poolOf(3), kernels), dataset, 0, 60); // on one thread
    };
    expect(await trainThreads(run, 3, 2, 2, between)).toEqual(expected[0]);
  });

  it('gives the same bits for random small runs on 2 and 4 threads', async () => {
    const arbitrary = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 4 }),
      optimizer: fc.constantFrom<TestRun['optimizer']>('sgd', 'momentum', 'adam'),
      batchSize: fc.integer({ min: 1, max: 150 }),
      shards: fc.integer({ min: 0, max: 6 }).map((level) => 1 << level),
      weighted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async (change) => {
        const run = { ...BASE, ...change, learningRate: 1e-3 };
        const expected = trainInline(run, 1);
        expect(await trainThreads(run, 2, 1)).toEqual(expected);
        expect(await trainThreads(run, 4, 1)).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('stops everybody at the same step when the loss is no longer finite, without an update from it', async () => {
    const run: TestRun = {
      ...BASE,
      optimizer: 'sgd',
      learningRate: 1e6,
      activation: 'identity',
      rows: 600,
      batchSize: 10,
    };
    const outcomes: SegmentOutcome[] = [];
    for (const workers of [1, 3]) {
      const plan = makePlan(run, workers);
      const session = openSession(plan, poolOf(workers), kernels);
      initialiseParameters(plan.network, 3, parameterView(session));
      const dataset = makeDataset(run);
      const request = { segment: 0, order: orderOf(dataset), firstBatch: 0, batches: 60, updates: 0 };
      outcomes.push(await runSegment(session, dataset, request, undefined));
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[0].status).toBe('diverged');
    expect(outcomes[0].losses.length).toBe(outcomes[0].steps);
    expect(outcomes[0].losses.every(Number.isFinite)).toBe(true);
    expect(Number.isFinite(outcomes[0].loss)).toBe(false);
  });

  it('skips and counts batches of zero total weight, alike on any number of workers', async () => {
    const run: TestRun = { ...BASE, weighted: true, batchSize: 1, shards: 1, rows: 21 };
    const outcomes: { outcome: SegmentOutcome; hash: string }[] = [];
    for (const workers of [1, 2]) {
      const plan = makePlan(run, workers);
      const session = openSession(plan, poolOf(workers), kernels);
      const dataset = makeDataset(run);
      const request = { segment: 0, order: orderOf(dataset), firstBatch: 0, batches: 21, updates: 0 };
      const outcome = await runSegment(session, dataset, request, undefined);
      outcomes.push({ outcome, hash: sha256(parameterView(session)) });
    }
    expect(outcomes[0].outcome.skipped).toBe(3);
    expect(outcomes[0].outcome.losses.filter(Number.isNaN).length).toBe(3);
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('stops within a segment when the signal aborts, before or during it, and works again afterwards', async () => {
    const run: TestRun = { ...BASE, sizes: [64, 256, 256, 1], rows: 40_000, batchSize: 500 };
    const plan = makePlan(run, 3);
    const session = openSession(plan, poolOf(3), kernels);
    const dataset = makeDataset(run);
    const request = { order: orderOf(dataset), firstBatch: 0, batches: 80, updates: 0 };
    const before = await runSegment(session, dataset, { ...request, segment: 0 }, AbortSignal.abort());
    expect(before).toMatchObject({ status: 'stopped', steps: 0 });
    const controller = new AbortController();
    const running = runSegment(session, dataset, { ...request, segment: 1 }, controller.signal);
    // Abort as soon as a step is seen to be finished: no waiting for a clock.
    const counter = plan.layout.workers[0].counters / 4;
    while (Atomics.load(session.views.i32, counter) === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    const during = await running;
    expect(during.status).toBe('stopped');
    expect(during.steps).toBeLessThan(80);
    expect((await runSegment(session, dataset, { ...request, segment: 2 }, undefined)).status).toBe('done');
  });
});

describe('a forward pass on threads', () => {
  it('gives each row the same bits whatever range, number of workers and block it is computed in', async () => {
    const run: TestRun = { ...BASE, rows: 2100, loss: 'cross_entropy', sizes: [5, 33, 4] };
    const dataset = makeDataset(run);
    const outputs = 4;
    const forward = async (workers: number, start: number, end: number) => {
      const plan = makePlan(run, workers);
      const session = openSession(plan, poolOf(workers), kernels);
      initialiseParameters(plan.network, 3, parameterView(session));
      return forwardRows(session, dataset, start, end, {
        loss: { name: 'cross_entropy', constants: LOSS_DEFAULTS, weighted: false },
      });
    };
    const all = await forward(1, 0, run.rows);
    expect(await forward(3, 0, run.rows)).toEqual(all);
    const part = await forward(2, 700, 1999);
    expect(part.logits).toEqual(all.logits.slice(700 * outputs, 1999 * outputs));
    expect(all.lossSums).toHaveLength(Math.ceil(run.rows / BLOCK_ROWS));
    for (const sum of all.lossSums) expect(sum).toBeGreaterThan(0);
  });
});
