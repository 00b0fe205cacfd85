/**
 * From what a network puts out to what a person reads: predicted values in the units of the table, class probabilities,
 * and scores against the truth that a dataset holds.
 */
import type { Dataset } from '../data/dataset.js';
import { predictedValue, type Target, unstandardised } from '../data/preprocess.js';
import { type CustomLoss, outputIs } from '../nn/losses/choice.js';
import type { LossName } from '../nn/losses/index.js';
import type { LossConstants } from '../nn/losses/loss.js';
import type { Outputs } from './ensemble.js';
import { lossConstantsOf } from './loss-constants.js';
import { createClassificationScore, createRegressionScore, type Metrics } from './metrics.js';
import { sortRows } from './quantiles.js';

/** What a network was trained with: it decides what an output of a regression stands for. Plans and models have it. */
export interface Trained {
  readonly loss: LossName | Pick<CustomLoss, 'file'>;
  readonly lossConstants?: { readonly [Name in keyof LossConstants]?: LossConstants[Name] | undefined } | undefined;
}

/** What is known of some rows of a dataset. */
export interface Truth {
  readonly rows: number;
  /** [rows] values in units of the target, or class indices. */
  readonly truth: Float64Array;
  /** [rows], where the dataset is weighted. */
  readonly weights: Float64Array | undefined;
}

/** What a network, or several, say of held-out rows. */
export interface HeldOutOutputs {
  /** As `readOutputs` gives them. */
  readonly outputs: Outputs;
  readonly truth: Truth;
}

/**
 * Reads targets and weights back from a dataset.
 *
 * @param rowStart first row (slot), inclusive
 * @param rowEnd last row, exclusive
 */
export function readTruth(dataset: Dataset, target: Target, rowStart: number, rowEnd: number): Truth {
  const { layout, pieces, rowsPerPiece } = dataset;
  const rows = rowEnd - rowStart;
  const targetAt = layout.numbers + layout.categories.length;
  const truth = new Float64Array(rows);
  const weights = layout.weighted ? new Float64Array(rows) : undefined;
  const views = pieces.map((piece) => new Float32Array(piece));
  for (let r = 0; r < rows; r++) {
    const row = rowStart + r;
    const view = views[Math.floor(row / rowsPerPiece)];
    const at = (row % rowsPerPiece) * layout.stride;
    const stored = view[at + targetAt];
    truth[r] = target.task === 'regression' ? unstandardised(stored, target) : stored;
    if (weights !== undefined) weights[r] = view[at + layout.stride - 1];
  }
  return { rows, truth, weights };
}

/**
 * Predicted values in units of the target, within its range where it has one; several quantiles of a row in order.
 *
 * @param outputs float32 of a regression, [rows], of several quantiles [rows, quantiles]
 * @param loss that it was trained with, which decides what an output stands for
 */
export function predictedValues(
  outputs: Float32Array,
  target: Target & { task: 'regression' },
  trained: Trained,
): Float64Array {
  const value = outputIs(trained.loss) === 'log' ? Math.exp : (z: number) => z;
  const values = Float64Array.from(outputs, (z) => predictedValue(value(z), target));
  const quantiles = quantilesOf(trained);
  return quantiles !== null && quantiles.length > 1 ? sortRows(values, quantiles.length) : values;
}

/**
 * What a network puts out as what it says: predicted values of a regression, else logits as sure as the temperature makes them.
 *
 * @param logits float32 [rows, outputs] row-major
 */
export function readOutputs(logits: Float32Array, target: Target, trained: Trained, temperature: number): Outputs {
  if (target.task === 'regression') return predictedValues(logits, target, trained);
  return temperature === 1 ? logits : Float64Array.from(logits, (z) => z / temperature);
}

/** Scores outputs part by part. */
export interface OutputScore {
  /** @param outputs as `readOutputs` gives them */
  add(outputs: Outputs, truth: Truth): void;
  result(): Metrics;
}

/**
 * @param rows how many rows will be added
 * @param width of the network's output
 */
export function createScore(
  target: Target,
  trained: Trained,
  rows: number,
  width: number,
  weighted: boolean,
): OutputScore {
  if (target.task !== 'regression') return createClassificationScore(rows, width, target.task, weighted);
  return createRegressionScore(quantilesOf(trained));
}

/** The quantiles that are predicted; null: none in particular. */
export function quantilesOf({ loss, lossConstants = {} }: Trained): readonly number[] | null {
  return loss === 'quantile' ? lossConstantsOf(lossConstants).quantile : null;
}

/**
 * Scores outputs of all rows at once.
 *
 * @param outputs as `readOutputs` gives them
 * @param width of the network's output
 */
export function scoreOutputs(outputs: Outputs, width: number, target: Target, trained: Trained, truth: Truth): Metrics {
  const score = createScore(target, trained, truth.rows, width, truth.weights !== undefined);
  score.add(outputs, truth);
  return score.result();
}
