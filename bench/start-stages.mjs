/** The stages of a start one after the other, in this process; prints their milliseconds as JSON. For bench/start.mjs. */
import process from 'node:process';

const [data] = process.argv.slice(2);
const dist = new URL('../dist/src/', import.meta.url);
const load = (path) => import(new URL(path, dist));
const stages = {};
let last = 0;
const mark = (name) => {
  const now = performance.now();
  stages[name] = now - last;
  last = now;
};

mark('node itself');
await load('commands/program.js');
mark('modules and options');
const { chooseKernels } = await load('kernels/load.js');
const kernels = chooseKernels('auto');
mark('kernels, with their test');
const { createPool } = await load('parallel/pool.js');
const { executeOn } = await load('parallel/execute.js');
const { allocateDataset, planRow } = await load('data/dataset.js');
const pool = createPool(2);
const execute = executeOn(pool);
const nothing = {
  dataset: allocateDataset(1, planRow({ numbers: 1, flagged: [], categories: [], targets: 0, weighted: false })),
  columns: [],
  addon: null,
};
await execute('standardise', nothing, new Array(2).fill({ rowStart: 0, rowEnd: 0 }));
mark('threads, to their first task');
const { openTable } = await load('data/open.js');
const table = await openTable(data, { threads: 2 });
mark('open, with its engine');
const { loadPlanned, planTraining } = await load('data/load.js');
const training = {
  table,
  target: 'y',
  validation: 0.2,
  scale: 'standard',
  scaleTarget: 'standard',
  dropMissingTarget: false,
  seed: 0,
  execute,
};
const plan = await planTraining(training);
mark('survey');
const { dataset } = await loadPlanned(plan, training);
mark('fill and standardise');
const { resolveConfig } = await load('train/config.js');
const { stepOptions } = await load('train/step-options.js');
const { planStep } = await load('parallel/plan.js');
const { openSession } = await load('parallel/session.js');
const { chooseWorkers } = await load('train/choose-workers.js');
const config = resolveConfig({ data, target: 'y' });
const options = stepOptions(config, dataset.layout, { loss: 'mse', outputs: 1 }, plan.trainRows);
const { workers } = chooseWorkers('auto', options, dataset, kernels);
openSession(planStep({ ...options, workers }), pool, kernels);
mark('plan and memory');
await Promise.all([table.close(), pool.close()]);
process.stdout.write(JSON.stringify(stages));
