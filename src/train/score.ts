/**
 * From what a network puts out to what a person reads: predicted values in the units of the table, class probabilities,
 * and scores against the truth that a dataset holds.
 */
import type { Dataset } from '../data/dataset.js';
import { predictedValue, type Target, unstandardised } from '../data/preprocess.js';
import { type CustomLoss, outputIs } from '../nn/losses/choice.js';
import type { LossName } from '../nn/losses/index.js';
import type { LossConstants } from '../nn/losses/loss.js';
import { lossConstantsOf } from './loss-constants.js';
import { createClassificationScore, createRegressionScore, type Metrics } from './metrics.js';

/** What a network was trained with: it decides what an output of a regression stands for. Plans and models have it. */
export interface Trained {
  readonly loss: LossName | Pick<CustomLoss, 'file'>;
  readonly lossConstants?: { readonly [Name in keyof LossConstants]?: number | undefined } | undefined;
}

/** What is known of some rows of a dataset. */
export interface Truth {
  readonly rows: number;
  /** [rows] values in units of the target, or class indices. */
  readonly truth: Float64Array;
  /** [rows], where the dataset is weighted. */
  readonly weights: Float64Array | undefined;
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
 * Predicted values in units of the target, within its range where it has one.
 *
 * @param outputs float32 [rows] of a regression
 * @param loss that it was trained with, which decides what an output stands for
 */
export function predictedValues(
  outputs: Float32Array,
  target: Target & { task: 'regression' },
  trained: Trained,
): Float64Array {
  const value = outputIs(trained.loss) === 'log' ? Math.exp : (z: number) => z;
  return Float64Array.from(outputs, (z) => predictedValue(value(z), target));
}

/** Scores a network's outputs part by part. */
export interface OutputScore {
  /** @param logits float32 [rows, outputs] row-major, as the network puts them out */
  add(logits: Float32Array, truth: Truth): void;
  result(): Metrics;
}

/**
 * @param rows how many rows will be added
 * @param outputs of the network
 */
export function createScore(
  target: Target,
  trained: Trained,
  rows: number,
  outputs: number,
  weighted: boolean,
): OutputScore {
  if (target.task !== 'regression') return createClassificationScore(rows, outputs, target.task, weighted);
  const quantile = trained.loss === 'quantile' ? lossConstantsOf(trained.lossConstants ?? {}).quantile : null;
  const score = createRegressionScore(quantile);
  return {
    add: (logits, truth) => score.add(predictedValues(logits, target, trained), truth),
    result: score.result,
  };
}

/**
 * Scores a network's outputs for all rows at once.
 *
 * @param logits float32 [rows, outputs] row-major
 */
export function scoreOutputs(
  logits: Float32Array,
  outputs: number,
  target: Target,
  trained: Trained,
  truth: Truth,
): Metrics {
  const score = createScore(target, trained, truth.rows, outputs, truth.weights !== undefined);
  score.add(logits, truth);
  return score.result();
}
