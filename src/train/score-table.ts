/**
 * Scores of a model on a raw table whose truth is known. The table is read part by part, so that one of any length takes the
 * memory of a part (and an output a row, where the order of all rows is scored); where parts end shows in no bit.
 */
import { checkForModel, loadForModel } from '../data/load.js';
import type { LoadContext } from '../data/stages.js';
import type { Table } from '../data/table.js';
import { createConfusionTable, type Metrics } from './metrics.js';
import type { ModelDescription } from './model-description.js';
import { computeOutputs, outputWidth } from './model-outputs.js';
import type { Forward } from './predictor.js';
import { createScore, readTruth } from './score.js';

/** Rows that are in memory at once. */
const PART_ROWS = 65_536;

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
  const [first] = description.members;
  const { target, weightColumn } = first.preprocessing;
  const load = { table, withTarget: true, dropMissingTarget, execute, signal };
  const { rows } = await checkForModel({ ...load, preprocessing: first.preprocessing });
  const width = outputWidth(first);
  const weighted = table.columns.some(({ name }) => name === weightColumn);
  const score = createScore(target, description, rows, width, weighted);
  const confusion = target.task === 'regression' ? null : createConfusionTable(width);
  for (let rowStart = 0; rowStart < table.rows; rowStart += PART_ROWS) {
    const part = { ...load, rowStart, rowEnd: Math.min(table.rows, rowStart + PART_ROWS), checked: true };
    const { outputs, dataset } = await computeOutputs(description, forward, (preprocessing) =>
      loadForModel({ ...part, preprocessing }),
    );
    const truth = readTruth(dataset, target, 0, dataset.rows);
    score.add(outputs, truth);
    confusion?.add(outputs, truth);
  }
  return { rows, metrics: score.result(), confusion: confusion?.table() ?? null };
}
