/**
 * How fast a training step is: plain SGD on four networks, MSE and ReLU, each step with its row order and gather.
 *
 * Prints, per network: microseconds a step, rows/s, GFLOP/s (multiplications and additions of the products alone, without padding) and their share of this
 * machine's fused multiply-add peak (128 bit for WebAssembly), measured here by a small loop; then the speed-up of two workers over one,
 * and what two one-worker runs of the same do at once, that share nothing and never wait for each other: more than this the machine does
 * not give. Last, how many workers `--workers auto` takes.
 * Before anything is timed, one and two workers must end in the same bits, and the loss must have fallen.
 * All run in turn, several rounds; medians and the median of the rounds' ratios are printed.
 *
 *   npm run bench                           the table, for the kernels that training would choose
 *   npm run bench -- --kernels NAME         for these kernels; for native, the peak is that of the widest vectors
 *   npm run bench -- --quick --phases       fewer rounds; seconds spent in each phase
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chooseKernels } from '../dist/src/kernels/load.js';
import { createPool } from '../dist/src/parallel/pool.js';
import { phaseSeconds } from '../dist/src/parallel/session.js';
import { chooseWorkers } from '../dist/src/train/choose-workers.js';
import { median, NETS, stepOperations } from './nets.mjs';
import { measurePeak } from './peak.mjs';
import { makeDataset, makeRunner, planOptions } from './runner.mjs';
import { measureVectorPeak } from './yardsticks.mjs';

const { values: flags } = parseArgs({
  options: {
    kernels: { type: 'string', default: 'auto' },
    quick: { type: 'boolean', default: false },
    phases: { type: 'boolean', default: false },
  },
});
const { quick } = flags;
const ROUNDS = quick ? 3 : 7;
const ROUND_MS = quick ? 250 : 700;
const WARM_UP_MS = 5000;
/** Steps of an epoch: 60,000 rows make 117 of 512. Workers start each epoch anew. */
const [LEAST_STEPS, MOST_STEPS] = [117, 2000];

/** NETS, and the second one with batches that are worth sharing. */
const MEASURED = [...NETS.slice(0, 2), { ...NETS[1], batch: 1024, expected: 668 }, ...NETS.slice(2)];

/** Microseconds a step, of runners that run at the same time. */
async function timed(epochs, ...runners) {
  const before = performance.now();
  const [{ steps }] = await Promise.all(runners.map((runner) => runner.epochs(epochs)));
  return ((performance.now() - before) * 1000) / steps;
}

const kernels = chooseKernels(flags.kernels);
const native = kernels.name === 'native';
const peak = (native ? measureVectorPeak() : null) ?? measurePeak();
console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.versions.node}, ${kernels.name}`);
console.log(`peak of ${native ? 'vector' : '128-bit'} fused multiply-add, one core: ${peak.toFixed(1)} GFLOP/s\n`);
console.log(
  'network             batch  us/step 1w  expected  ratio  GFLOP/s  of peak     rows/s  us/step 2w  speed-up  two copies  auto',
);
for (const net of MEASURED) {
  const { sizes, batch } = net;
  const perStep = stepOperations(net);
  const steps = Math.min(MOST_STEPS, Math.max(LEAST_STEPS, Math.ceil(1.6e9 / perStep)));
  const rows = steps * batch;
  const dataset = makeDataset(sizes, rows);
  // A pool each: threads that change between runs would run code specialised for neither.
  const pools = [createPool(1), createPool(2), createPool(1)];
  const one = makeRunner(net, 1, dataset, pools[0], kernels);
  const two = makeRunner(net, 2, dataset, pools[1], kernels);
  const copy = makeRunner(net, 1, dataset, pools[2], kernels);
  const first = await one.epochs(1);
  await two.epochs(1);
  if (one.hash() !== two.hash()) throw new Error(`${sizes.join('-')}: one and two workers differ`);
  if (!(first.losses.at(-1) < first.losses[0])) throw new Error(`${sizes.join('-')}: the loss did not fall`);
  // Until the optimising compilers are done: what they replace is slower, and they run on the core that a second worker needs.
  const warmUp = performance.now();
  let warm = 0;
  while (performance.now() - warmUp < WARM_UP_MS) {
    warm = await timed(1, one);
    await timed(1, copy);
    await timed(1, two);
  }
  const epochs = Math.max(1, Math.round((ROUND_MS * 1000) / (warm * Math.floor(rows / batch))));
  const times = { one: [], two: [], ratio: [], copies: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const a = await timed(epochs, one);
    const b = await timed(epochs, two);
    times.copies.push((2 * a) / (await timed(epochs, one, copy)));
    times.one.push(a);
    times.two.push(b);
    times.ratio.push(a / b);
  }
  const us = median(times.one);
  const gflops = perStep / us / 1000;
  console.log(
    [
      sizes.join('-').padEnd(18),
      String(batch).padStart(6),
      us.toFixed(1).padStart(11),
      String(net.expected).padStart(9),
      (us / net.expected).toFixed(2).padStart(6),
      gflops.toFixed(1).padStart(8),
      `${((100 * gflops) / peak).toFixed(0)}%`.padStart(8),
      ((batch / us) * 1e6).toExponential(2).padStart(10),
      median(times.two).toFixed(1).padStart(11),
      median(times.ratio).toFixed(2).padStart(9),
      median(times.copies).toFixed(2).padStart(11),
      String(chooseWorkers('auto', planOptions(net, rows), dataset, kernels).workers).padStart(5),
    ].join(' '),
  );
  if (flags.phases) for (const { session } of [one, two]) console.log('   ', phaseSeconds(session));
  await Promise.all(pools.map((pool) => pool.close()));
}
