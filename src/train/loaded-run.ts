/**
 * What a training on a table would do, for those who look at its steps without being the trainer: its rows in memory, read on this
 * thread, its settled config, and the options of its steps.
 */
import { loadTraining } from '../data/load.js';
import { type OrderPlan, planOrder } from '../data/order.js';
import { featureNames } from '../data/preprocess.js';
import type { Table } from '../data/table.js';
import { closeThreadTables, executeInline } from '../data/tasks.js';
import type { LossChoice } from '../nn/losses/choice.js';
import { weightsOfClasses } from './class-weights.js';
import { initialFile } from './config/network.js';
import type { ResolvedConfig } from './config.js';
import { loadOptions } from './load-options.js';
import { lossConstantsOf } from './loss-constants.js';
import { readInitialWeights } from './model.js';
import { type SettledConfig, settleConfig } from './settle.js';
import { stepOptions } from './step-options.js';
import { lossForTask, outputsFor } from './task.js';

export interface LoadedRun {
  readonly config: SettledConfig;
  readonly loaded: Awaited<ReturnType<typeof loadTraining>>;
  /** As the config names it, not opened. */
  readonly loss: LossChoice;
  readonly options: ReturnType<typeof stepOptions>;
  readonly order: OrderPlan;
  /** The contents of W0, b0, W1 … where a file has them. */
  readonly initial: readonly Float32Array[] | null;
}

/** @throws ParagradError as a training would before its first step */
export async function loadRun(resolved: ResolvedConfig, table: Table, signal?: AbortSignal): Promise<LoadedRun> {
  const loaded = await loadTraining({
    ...loadOptions(resolved, table),
    table,
    validation: typeof resolved.validation === 'number' ? resolved.validation : 0,
    execute: executeInline,
    signal,
  }).finally(closeThreadTables);
  const { dataset, preprocessing, trainRows } = loaded;
  const { target } = preprocessing;
  const config = settleConfig(resolved, { ...loaded, task: target.task });
  const loss = lossForTask(target.task, config.loss);
  const outputs = outputsFor(loss, lossConstantsOf(config), target);
  const options = stepOptions(config, dataset.layout, { loss, outputs }, trainRows);
  if (config.classWeights !== undefined) {
    options.classWeights = weightsOfClasses(config.classWeights, target, loaded.classCounts);
  }
  const order = planOrder(trainRows, dataset.layout.stride);
  const file = initialFile(config.init);
  const initial =
    file === null ? null : await readInitialWeights(file, options.network, featureNames(preprocessing), 0);
  return { config, loaded, loss, options, order, initial };
}
