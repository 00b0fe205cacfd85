/** Scores of a model on a raw table whose truth is known. The table is loaded whole, as for training. */
import { loadForModel } from '../data/load.js';
import type { LoadContext } from '../data/stages.js';
import type { Table } from '../data/table.js';
import { confusionTable, type Metrics } from './metrics.js';
import type { ModelDescription } from './model.js';
import { computeOutputs, outputWidth } from './model-outputs.js';
import type { Forward } from './predictor.js';
import { readTruth, scoreOutputs } from './score.js';

export interface TableScore {
  /** Rows scored. */
  readonly rows: number;
  readonly metrics: Metrics;
  /** Of a classification: who is taken for whom, in weights of rows [true class][predicted class]. */
  readonly confusion: readonly (readonly number[])[] | null;
}

/**
 * @param dropMissingTarget leaves out rows without a target instead of refusing them
 * @throws ParagradError for what is wrong with the table
 */
export async function scoreTable(
  description: ModelDescription,
  forward: Forward,
  table: Table,
  dropMissingTarget: boolean,
  { execute, signal }: LoadContext,
): Promise<TableScore> {
  const { outputs, dataset } = await computeOutputs(description, forward, (preprocessing) =>
    loadForModel({ table, preprocessing, withTarget: true, dropMissingTarget, execute, signal }),
  );
  const [first] = description.members;
  const { target } = first.preprocessing;
  const width = outputWidth(first);
  const truth = readTruth(dataset, target, 0, dataset.rows);
  const metrics = scoreOutputs(outputs, width, target, description, truth);
  const confusion = target.task === 'regression' ? null : confusionTable(outputs, width, truth);
  return { rows: dataset.rows, metrics, confusion };
}
