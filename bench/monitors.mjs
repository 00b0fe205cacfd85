/**
 * What it costs to watch a run: epochs as one segment each, against epochs as a run has them, cut into stretches that end with a
 * copy of weights and state, with a look at the network after epochs 1, 2, 4 and 8. Both must end in the same bits. Then both run
 * in turn, the other one first every second time, on the same worker and in the same memory: two memories alike differ by a percent
 * in speed. CPU time of all threads is counted, which neighbours on the machine change little; the best rounds are compared, and each
 * with the one beside it.
 *
 *   npm run build && node bench/monitors.mjs [--rounds N]
 */
import { parseArgs } from 'node:util';
import { chooseKernels } from '../dist/src/kernels/load.js';
import { createPool } from '../dist/src/parallel/pool.js';
import { createMonitor } from '../dist/src/train/monitor.js';
import { createSafePoints, stretchSteps } from '../dist/src/train/safe-point.js';
import { makeDataset, makeRunner } from './runner.mjs';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
  },
});
const rounds = Number(flags.rounds);
/** Steps of an epoch: those of tables of 30,000 to 1.6 million rows; a round takes some seconds. */
const NETS = [
  { sizes: [2, 10, 1], batch: 100, rate: 1e-3, steps: 16_000 },
  { sizes: [16, 64, 64, 1], batch: 256, rate: 1e-2, steps: 4000 },
  { sizes: [64, 256, 256, 1], batch: 512, rate: 1e-2, steps: 300 },
  { sizes: [784, 512, 512, 10], batch: 512, rate: 1e-2, steps: 60 },
];
const EPOCHS = 8;
const WARM_UP = 3;
const OPTIMIZER = { optimizer: 'adam' };

/** One round as a run has it. */
async function watched(runner, net) {
  const { session } = runner;
  const monitor = createMonitor(session, false, '');
  const safe = createSafePoints(session);
  let steps = 0;
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    let end = 0;
    for (let first = 0; first < net.steps; ) {
      if (first === end) end = Math.min(net.steps, first + stretchSteps(session.plan, steps));
      const isLast = first + 1 === net.steps;
      if (isLast) monitor.remember(epoch);
      const alone = end === net.steps && !isLast && monitor.looksAt(epoch);
      const count = end - first - (alone ? 1 : 0);
      const { losses } = await runner.segment(first, count, steps);
      first += count;
      steps += count;
      if (first === end) safe.offer([...losses.slice(-32)], 1, { epochs: epoch, steps, updates: steps });
    }
    monitor.look({ epoch, trainLoss: 1 }, net.batch, net.batch);
    runner.nextEpoch();
  }
}

async function plain(runner, net) {
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    await runner.segment(0, net.steps, epoch * net.steps);
    runner.nextEpoch();
  }
}

const kernels = chooseKernels('auto');
console.log(`${kernels.name}; CPU microseconds a step\n`);
console.log('network                plain   watched      cost  by pairs');
for (const net of NETS) {
  const dataset = makeDataset(net.sizes, net.steps * net.batch);
  const pool = createPool(1);
  const open = () => makeRunner(net, 1, dataset, pool, kernels, OPTIMIZER);
  const alike = [plain, watched].map((run) => ({ run, runner: open() }));
  for (const { run, runner } of alike) await run(runner, net);
  if (new Set(alike.map(({ runner }) => runner.hash())).size > 1) {
    throw new Error(`${net.sizes.join('-')}: watching changed the weights`);
  }
  const runner = open();
  const variants = [plain, watched].map((run) => ({ run, times: [] }));
  for (let round = 0; round < WARM_UP + rounds; round++) {
    for (const { run, times } of round % 2 === 0 ? variants : variants.toReversed()) {
      const before = process.cpuUsage();
      await run(runner, net);
      const { user, system } = process.cpuUsage(before);
      if (round >= WARM_UP) times.push((user + system) / (EPOCHS * net.steps));
    }
  }
  const [off, on] = variants.map(({ times }) => Math.min(...times));
  const pairs = variants[0].times.map((time, i) => variants[1].times[i] / time).sort((x, y) => x - y);
  const cost = (ratio) => `${(100 * (ratio - 1)).toFixed(2)}%`.padStart(9);
  const shown = [off, on].map((us) => us.toFixed(2).padStart(9));
  console.log(net.sizes.join('-').padEnd(18), ...shown, cost(on / off), cost(pairs[pairs.length >> 1]));
  await pool.close();
}
