/**
 * What benchmarks of steps are made of: a learnable table in shared memory, and a network on a number of worker threads that
 * remembers how far it is. Nothing is timed here.
 */
import { createHash } from 'node:crypto';
import { allocateDataset, planRow } from '../dist/src/data/dataset.js';
import { planOrder } from '../dist/src/data/order.js';
import { initialiseParameters } from '../dist/src/nn/init.js';
import { LOSS_DEFAULTS } from '../dist/src/nn/losses/loss.js';
import { denseNetwork } from '../dist/src/nn/network.js';
import { OPTIMIZERS } from '../dist/src/nn/optimizers/index.js';
import { CONSTANT_RATE } from '../dist/src/nn/schedules/rate.js';
import { PLAIN_UPDATES, planStep } from '../dist/src/parallel/plan.js';
import { openSession, parameterView, runSegment } from '../dist/src/parallel/session.js';
import { defaultShards } from '../dist/src/parallel/tree.js';

/** Rows of a dense regression with a learnable target; the same numbers each time. */
export function makeDataset(sizes, rows) {
  const inputs = sizes[0];
  const targets = sizes.at(-1);
  const dataset = allocateDataset(
    rows,
    planRow({ numbers: inputs, flagged: [], categories: [], targets, weighted: false }),
  );
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const { stride } = dataset.layout;
  dataset.pieces.forEach((piece) => {
    const values = new Float32Array(piece);
    for (let at = 0; at + stride <= values.length; at += stride) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += values[at + i] = random();
      for (let t = 0; t < targets; t++) values[at + inputs + t] = sum / Math.sqrt(inputs) + 0.1 * t;
    }
  });
  return dataset;
}

/** The plan of plain gradient descent on squares, without its workers. */
export function planOptions({ sizes, batch, rate }, rows) {
  return {
    ...PLAIN_UPDATES,
    network: denseNetwork(sizes, 'relu'),
    loss: 'mse',
    reduction: 'mean',
    optimizer: 'sgd',
    lossConstants: LOSS_DEFAULTS,
    hyper: { ...OPTIMIZERS.sgd.defaults, learningRate: rate },
    rate: CONSTANT_RATE,
    l2: 0,
    clipNorm: null,
    dropout: 0,
    weighted: false,
    batchSize: batch,
    shards: defaultShards(batch),
    batchRows: [batch, rows % batch].filter((n) => n > 0),
  };
}

/**
 * A network on a number of workers: runs epochs, remembers how far it is.
 *
 * @param changes to the plan
 */
export function makeRunner(net, workers, dataset, pool, kernels, changes = {}) {
  const plan = planStep({ ...planOptions(net, dataset.rows), workers, ...changes });
  const session = openSession(plan, pool, kernels);
  initialiseParameters(plan.network, 0, parameterView(session));
  const batches = Math.floor(dataset.rows / net.batch);
  const rows = planOrder(dataset.rows, dataset.layout.stride);
  let epoch = 0;
  let segment = 0;
  const run = (firstBatch, count, updates) => {
    const order = { plan: rows, seed: 0, epoch, ring: null };
    return runSegment(session, dataset, { segment: segment++, order, firstBatch, batches: count, updates }, undefined);
  };
  return {
    session,
    /** Some steps of the epoch that it is in. */
    segment: run,
    nextEpoch() {
      epoch++;
    },
    async epochs(count) {
      let outcome;
      for (let i = 0; i < count; i++) {
        outcome = await run(0, batches, 0);
        epoch++;
      }
      return { steps: count * batches, losses: outcome.losses };
    },
    hash: () => createHash('sha256').update(parameterView(session).slice()).digest('hex'),
  };
}
