/**
 * What a loss module of the user's own costs: net 64-256-256-1, batches of 512 rows, squares by the built-in loss, by a batched
 * module, and by one that has a penalty too. All run in turn; the best of the rounds is printed, since neighbours only slow down.
 * Before anything is timed, one and two workers must end in the same bits.
 *
 *   npm run build && node bench/loss-module.mjs [--workers N] [--rounds N]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseKernels } from '../dist/src/kernels/load.js';
import { importLossModule, measureReductions } from '../dist/src/nn/losses/module.js';
import { createPool } from '../dist/src/parallel/pool.js';
import { makeDataset, makeRunner } from './runner.mjs';

const { values: flags } = parseArgs({
  options: {
    workers: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '7' },
  },
});
const workers = Number(flags.workers);
const NET = { sizes: [64, 256, 256, 1], batch: 512, rate: 1e-3 };
const STEPS = 64;

const SQUARES = `export const batch = true;
export const loss = (p, y) => p.reduce((sum, v, i) => sum + (v - y[i]) ** 2, 0) / p.length;
export const gradient = (p, y) => p.map((v, i) => (2 * (v - y[i])) / p.length);
`;
const PENALTY = `export const penalty = (weights) => 0.0005 * weights.reduce((sum, w) => sum + w * w, 0);
export const penaltyGradient = (weights) => weights.map((w) => 0.001 * w);
`;

const folder = await mkdtemp(join(tmpdir(), 'paragrad-loss-module-'));
try {
  async function moduleLoss(name, text) {
    const file = join(folder, `${name}.mjs`);
    await writeFile(file, text);
    const own = measureReductions(await importLossModule(file), 1, (z, y) => {
      for (let i = 0; i < z.length; i++) [z[i], y[i]] = [i, 2 * i + 1];
    });
    return { file, targets: 'values', batch: true, own, penaltyGradient: text.includes('penaltyGradient') };
  }
  const losses = {
    'built-in mse': 'mse',
    module: await moduleLoss('squares', SQUARES),
    'module with penalty': await moduleLoss('penalised', SQUARES + PENALTY),
  };
  const kernels = chooseKernels('auto');
  const dataset = makeDataset(NET.sizes, STEPS * NET.batch);
  for (const [name, loss] of Object.entries(losses)) {
    const hashes = [];
    for (const count of [1, 2]) {
      const pool = createPool(count);
      const runner = makeRunner(NET, count, dataset, pool, kernels, { loss });
      await runner.epochs(1);
      hashes.push(runner.hash());
      await pool.close();
    }
    if (hashes[0] !== hashes[1]) throw new Error(`${name}: one and two workers differ`);
  }
  // A pool each: a thread keeps what it built for one run.
  const runners = Object.entries(losses).map(([name, loss]) => {
    const pool = createPool(workers);
    return { name, pool, runner: makeRunner(NET, workers, dataset, pool, kernels, { loss }), best: Infinity };
  });
  for (let round = 0; round < 1 + Number(flags.rounds); round++) {
    for (const entry of runners) {
      const before = performance.now();
      const { steps } = await entry.runner.epochs(4);
      const us = ((performance.now() - before) * 1000) / steps;
      if (round > 0) entry.best = Math.min(entry.best, us);
    }
  }
  console.log(`${NET.sizes.join('-')}, batch ${NET.batch}, ${workers} workers, ${kernels.name}`);
  for (const { name, best } of runners) {
    console.log(
      `${name.padEnd(22)} ${best.toFixed(0).padStart(6)} us/step  ${(runners[0].best / best).toFixed(2)} x the built-in's speed`,
    );
  }
  await Promise.all(runners.map(({ pool }) => pool.close()));
} finally {
  await rm(folder, { recursive: true });
}
