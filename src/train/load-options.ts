/**
 * What a config says about how rows are read: decided here for a training, and for those who look at its steps without being
 * the trainer.
 */
import type { TrainingLoad } from '../data/load.js';
import type { Table } from '../data/table.js';
import { splitColumnNames } from './columns.js';
import type { ResolvedConfig } from './config.js';
import { keepsTarget } from './loss-constants.js';

/** All of a load but its tables, who reads them, and what is held out of them. */
export type LoadOptions = Omit<
  TrainingLoad,
  'table' | 'validation' | 'fold' | 'sampleSizes' | 'execute' | 'signal' | 'onProgress'
>;

/** @param table whose columns are chosen from */
export function loadOptions(config: ResolvedConfig, table: Table): LoadOptions {
  const { target, weightColumn, task, scale, encode, clampTarget, split, dropMissingTarget, seed, loss } = config;
  const keeps = keepsTarget(loss);
  return {
    target,
    features: splitColumnNames(config.features, table.columns),
    exclude: splitColumnNames(config.exclude, table.columns),
    weightColumn,
    task,
    countClasses: config.classWeights === 'balanced',
    split,
    scale,
    scaleTarget: keeps ? 'none' : config.scaleTarget,
    targetIsCount: keeps,
    encode,
    clampTarget,
    dropMissingTarget,
    seed,
  };
}
