/** paragrad as a peer of the others: node paragrad.mjs KERNELS [avx2], with as many workers as `--workers auto` takes. */
import { chooseKernels } from '../../dist/src/kernels/load.js';
import { createPool } from '../../dist/src/parallel/pool.js';
import { chooseWorkers } from '../../dist/src/train/choose-workers.js';
import { paragradVersion } from '../../dist/src/train/environment.js';
import { makeDataset, makeRunner, planOptions } from '../runner.mjs';
import { serve } from './serve.mjs';

const [, , name, instructions] = process.argv;
const chosen = chooseKernels(name);
const kernels = instructions === 'avx2' ? { ...chosen, addon: { ...chosen.addon, instructionSet: 'avx2' } } : chosen;

await serve(async ({ threads, ...net }) => {
  const dataset = makeDataset(net.sizes, net.rows);
  const workers = threads === 1 ? 1 : chooseWorkers('auto', planOptions(net, net.rows), dataset, kernels).workers;
  const pool = createPool(workers);
  const open = () => makeRunner(net, workers, dataset, pool, kernels);
  const runner = open();
  return {
    version: paragradVersion(),
    losses: async (count) => [...(await open().epochs(1)).losses.slice(0, count)],
    chunk: async () => (await runner.epochs(1)).steps,
    end: () => pool.close(),
  };
});
