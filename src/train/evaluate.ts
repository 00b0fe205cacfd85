/** Scores of a model on a raw table whose truth is known. */
import { kindsTaken } from '../data/columns.js';
import { type DataSource, openTable, type TableRequest } from '../data/open.js';
import type { Metrics } from './metrics.js';
import { loadModel, type Model } from './model.js';
import { type MachineOptions, predictorOptions, threadsOf } from './predict.js';
import { openPredictor } from './predictor.js';
import { scoreTable } from './score-table.js';

export interface EvaluateOptions extends MachineOptions {
  /** Leaves out rows without a target instead of refusing them. Default false. */
  readonly dropMissingTarget?: boolean | undefined;
}

export interface Evaluation {
  /** Rows scored. */
  readonly rows: number;
  /** Rows left out for want of a usable target. */
  readonly droppedRows: number;
  readonly metrics: Metrics;
  /** Of a classification. */
  readonly confusion?: {
    readonly classes: readonly (string | number | boolean)[];
    /** Weights of rows, [true class][predicted class]. */
    readonly weights: readonly (readonly number[])[];
  };
}

/**
 * Scores a model on a table.
 *
 * @param model a loaded model, or the path of one or of its run directory
 * @param data files, an Arrow table, or a query, with the feature columns and the target, in any order
 * @throws ParagradError for what is wrong with model or data
 *
 * @example
 * const { metrics } = await evaluate('runs/houses-1', 'test.parquet');
 */
export async function evaluate(
  model: Model | string,
  data: DataSource | TableRequest,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { signal, dropMissingTarget = false } = options;
  const loaded = typeof model === 'string' ? await loadModel(model) : model;
  const { description } = loaded;
  const table = await openTable(data, {
    threads: threadsOf(options),
    kinds: kindsTaken(description.members[0].preprocessing),
    signal,
  });
  try {
    if (options.onNote) table.notes.forEach(options.onNote);
    const predictor = openPredictor(loaded, predictorOptions(options));
    try {
      const context = { execute: predictor.execute, signal };
      const score = await scoreTable(description, predictor.forward, table, dropMissingTarget, context);
      const { rows, metrics, confusion } = score;
      const { target } = description.members[0].preprocessing;
      return {
        ...{ rows, droppedRows: table.rows - rows, metrics },
        ...(target.task !== 'regression' &&
          confusion && { confusion: { classes: target.classes, weights: confusion } }),
      };
    } finally {
      await predictor.close();
    }
  } finally {
    await table.close();
  }
}
