/**
 * What the learned pieces of a network cost: steps of the recipe's network on one worker (8 numbers with 120 columns of bins, three
 * hidden layers of 256, Mish, Adam, batches of 256), and of the same without one piece, in turn. The shortest of many steps of each
 * is printed, as rows/s and as a share of the whole; a machine with neighbours disturbs every other number more.
 * Before anything is timed, two workers must end in the bits of one, and the loss must have fallen.
 *
 *   npm run build && node bench/learned.mjs [--kernels NAME] [--rounds N]
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { allocateDataset, planRow } from '../dist/src/data/dataset.js';
import { chooseKernels } from '../dist/src/kernels/load.js';
import { groupsFor } from '../dist/src/nn/groups.js';
import { initialiseParameters } from '../dist/src/nn/init.js';
import { LOSS_DEFAULTS } from '../dist/src/nn/losses/loss.js';
import { OPTIMIZERS } from '../dist/src/nn/optimizers/index.js';
import { createInlineStep } from '../dist/src/parallel/inline.js';
import { planStep } from '../dist/src/parallel/plan.js';

const NUMBERS = 8;
const BINS = 120;
const BATCH = 256;
const ROWS = 64 * BATCH;

const { values: flags } = parseArgs({
  options: { kernels: { type: 'string', default: 'auto' }, rounds: { type: 'string', default: '300' } },
});

const RECIPE = {
  network: {
    sizes: [NUMBERS + BINS, 256, 256, 256, 1],
    activation: 'mish',
    blend: true,
    inputScale: true,
    residual: false,
    layerNorm: false,
    periodic: NUMBERS,
    embeddings: [],
  },
  dropout: 0.15,
  ema: null,
};
const without = (pieces) => ({ ...RECIPE, network: { ...RECIPE.network, ...pieces } });
const VARIANTS = {
  'the recipe': RECIPE,
  'without blends': without({ blend: false }),
  'without input scale': without({ inputScale: false }),
  'without periodic functions': without({ periodic: 0 }),
  'without dropout': { ...RECIPE, dropout: 0 },
  'with an embedding of 40': without({ embeddings: [40] }),
  'with residual blocks': without({ residual: true }),
  'with layer norm': without({ layerNorm: true }),
  'with an average': { ...RECIPE, ema: 0.99 },
  'with selu': without({ activation: 'selu' }),
  'plain relu': { ...without({ blend: false, inputScale: false, periodic: 0, activation: 'relu' }), dropout: 0 },
};

/** Rows in (-1, 1) with a target that can be learned; codes follow the inputs where there are any. */
function makeDataset(network) {
  const width = network.sizes[0] + network.embeddings.length;
  const dataset = allocateDataset(
    ROWS,
    planRow({ numbers: width, flagged: [], categories: [], targets: 1, weighted: false }),
  );
  const values = new Float32Array(dataset.pieces[0]);
  let state = 1;
  for (let row = 0; row < ROWS; row++) {
    const at = row * dataset.layout.stride;
    for (let i = 0; i < network.sizes[0]; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values[at + i] = state / 2 ** 31 - 1;
    }
    network.embeddings.forEach((count, e) => {
      values[at + network.sizes[0] + e] = row % count;
    });
    values[at + width] = Math.sin(3 * values[at]) + values[at + 1] * values[at + 2];
  }
  return dataset;
}

function makeRunner({ network, dropout, ema }, workers, kernels) {
  const plan = planStep({
    network,
    loss: 'mse',
    lossConstants: LOSS_DEFAULTS,
    reduction: 'mean',
    optimizer: 'adam',
    hyper: { ...OPTIMIZERS.adam.defaults, learningRate: 0.01 },
    rate: { schedule: 'constant', warmupSteps: 0, steps: 1 },
    groups: groupsFor({ biasRate: 0.1, decay: 'weights' }),
    layerRates: 'ntk',
    decaySchedule: 'constant',
    dropoutSchedule: 'constant',
    ema,
    l2: 0,
    clipNorm: null,
    dropout,
    weighted: false,
    batchSize: BATCH,
    shards: 2,
    workers,
    batchRows: [BATCH],
  });
  const step = createInlineStep(plan, kernels, makeDataset(network));
  initialiseParameters(plan.network, 0, step.parameters);
  const order = { fill: (out, start, count) => out.forEach((_, i) => (out[i] = i < count ? start + i : 0)) };
  let t = 0;
  return {
    parameters: step.parameters,
    step() {
      const start = (t % (ROWS / BATCH)) * BATCH;
      const { data, gradientNorm } = step.differentiate({ order, masks: { seed: 0, epoch: t }, start, rows: BATCH });
      step.update(++t, gradientNorm);
      return data;
    },
  };
}

const kernels = chooseKernels(flags.kernels);
console.log(`${cpus()[0].model}; kernels ${kernels.name} (${kernels.reason})`);
const runners = Object.entries(VARIANTS).map(([name, variant]) => {
  const [one, two] = [makeRunner(variant, 1, kernels), makeRunner(variant, 2, kernels)];
  const losses = Array.from({ length: 30 }, () => {
    two.step();
    return one.step();
  });
  if (one.parameters.some((value, i) => !Object.is(value, two.parameters[i]))) throw new Error(`${name}: bits differ`);
  if (!(losses.at(-1) < losses[0])) throw new Error(`${name}: the loss did not fall`);
  return { name, run: one, shortest: Number.POSITIVE_INFINITY };
});
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const runner of runners) {
    const before = performance.now();
    runner.run.step();
    runner.shortest = Math.min(runner.shortest, performance.now() - before);
  }
}
const [{ shortest: whole }] = runners;
for (const { name, shortest } of runners) {
  const rate = Math.round((BATCH / shortest) * 1000).toLocaleString('en-US');
  console.log(
    `${name.padEnd(28)} ${(shortest * 1000).toFixed(0).padStart(6)} us a step ${rate.padStart(9)} rows/s ${(shortest / whole).toFixed(2).padStart(6)}`,
  );
}
