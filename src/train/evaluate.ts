/** Scores of a model on a raw table whose truth is known. The table is loaded whole, as for training. */
import { loadForModel } from '../data/load.js';
import { type DataSource, openTable, type TableRequest } from '../data/open.js';
import { confusionTable, type Metrics } from './metrics.js';
import { loadModel, type Model } from './model.js';
import { type MachineOptions, predictorOptions, threadsOf } from './predict.js';
import { openPredictor } from './predictor.js';
import { readTruth, scoreOutputs } from './score.js';

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
  const { preprocessing, network } = loaded.description;
  const table = await openTable(data, { threads: threadsOf(options), signal });
  try {
    const predictor = openPredictor(loaded, predictorOptions(options));
    try {
      const { execute } = predictor;
      const dataset = await loadForModel({
        table,
        preprocessing,
        withTarget: true,
        dropMissingTarget,
        execute,
        signal,
      });
      const truth = readTruth(dataset, preprocessing.target, 0, dataset.rows);
      const outputs = await predictor.run(dataset);
      const { target } = preprocessing;
      const width = network.sizes.at(-1)!;
      const metrics = scoreOutputs(outputs, width, target, loaded.description, truth);
      const confusion =
        target.task === 'regression'
          ? undefined
          : { classes: target.classes, weights: confusionTable(outputs, width, truth) };
      return { rows: dataset.rows, droppedRows: table.rows - dataset.rows, metrics, ...(confusion && { confusion }) };
    } finally {
      await predictor.close();
    }
  } finally {
    await table.close();
  }
}
