/** Scores of a model on a raw table whose truth is known. Reads window by window; keeps outputs and truth of every row. */
import { loadForModel } from '../data/load.js';
import { openTable } from '../data/open.js';
import type { Metrics } from './metrics.js';
import { loadModel, type Model } from './model.js';
import { type MachineOptions, predictorOptions, WINDOW_ROWS } from './predict.js';
import { openPredictor } from './predictor.js';
import { concatenate, concatenateTruth, readTruth, scoreOutputs, type Truth } from './score.js';

export interface EvaluateOptions extends MachineOptions {
  /** Leaves out rows without a target instead of refusing them. Default false. */
  readonly dropMissingTarget?: boolean | undefined;
}

export interface Evaluation {
  /** Rows scored. */
  readonly rows: number;
  readonly metrics: Metrics;
}

/**
 * Scores a model on a table.
 *
 * @param model a loaded model, or the path of one or of its run directory
 * @param data a .parquet or .arrow file with the feature columns and the target, in any order
 * @throws ParagradError for what is wrong with model or data
 *
 * @example
 * const { metrics } = await evaluate('runs/houses-1', 'test.parquet');
 */
export async function evaluate(
  model: Model | string,
  data: string,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { signal, dropMissingTarget = false } = options;
  const loaded = typeof model === 'string' ? await loadModel(model) : model;
  const { preprocessing, network } = loaded.description;
  const table = await openTable(data, { signal });
  try {
    const predictor = openPredictor(loaded, predictorOptions(options));
    try {
      const outputs: Float32Array[] = [];
      const truths: Truth[] = [];
      for (let rowStart = 0; rowStart < table.rows; rowStart += WINDOW_ROWS) {
        const rowEnd = Math.min(rowStart + WINDOW_ROWS, table.rows);
        const { execute } = predictor;
        const dataset = await loadForModel({
          table,
          preprocessing,
          withTarget: true,
          dropMissingTarget,
          rowStart,
          rowEnd,
          execute,
          signal,
        });
        outputs.push(await predictor.run(dataset));
        truths.push(readTruth(dataset, preprocessing.target, 0, dataset.rows));
      }
      const truth = concatenateTruth(truths);
      const metrics = scoreOutputs(
        concatenate(Float32Array, outputs),
        network.sizes.at(-1)!,
        preprocessing.target,
        truth,
      );
      return { rows: truth.rows, metrics };
    } finally {
      await predictor.close();
    }
  } finally {
    await table.close();
  }
}
