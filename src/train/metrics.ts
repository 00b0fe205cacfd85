/**
 * Scores of a model on rows whose truth is known. Everything is summed in float64 and in row order, so the same rows give
 * the same bits; nothing else about how they were computed shows. Weights, where given, count a row that many times.
 *
 * A score that the rows do not define (R2 of a constant target, AUC with one class) is null.
 */
import type { Task } from '../nn/losses/loss.js';
import { type ClassScores, createConfusion } from './confusion.js';
import { centralQuantile, createQuantileScore } from './quantiles.js';
import { createRanking, type RankingScores } from './ranking.js';

/** Of several quantiles, errors are those of the one nearest to the median. */
export interface RegressionMetrics {
  /** In units of the target. */
  readonly rmse: number | null;
  readonly mae: number | null;
  /** 1 - residual sum of squares / total sum of squares about the weighted mean. */
  readonly r2: number | null;
  /** Mean of |error| / |truth|; null where the truth of a row is 0. */
  readonly mape: number | null;
  /** Of a quantile loss only: mean of quantile * error above the prediction, (1 - quantile) * error below it; of several, the mean. */
  readonly pinball?: number | null;
  /** Of several quantiles: share of the rows from the lowest prediction to the highest, both included. */
  readonly coverage?: number | null;
  /** Of several quantiles: each one's own pinball loss, "pinball_q0.1". */
  readonly [pinball: `pinball_q${string}`]: number | null;
  /** Of several quantiles: share of the rows at or below the prediction, "below_q0.1". */
  readonly [below: `below_q${string}`]: number | null;
}

export interface ClassificationMetrics extends ClassScores, Partial<RankingScores> {
  /** Share of rows whose most likely class is the true one; the first class wins a tie. */
  readonly accuracy: number | null;
  /** Mean of -ln(probability of the true class). */
  readonly logLoss: number | null;
}

export type Metrics = RegressionMetrics | ClassificationMetrics;

/** Rows that are scored. */
export interface Scored {
  readonly rows: number;
  /** [rows]: values in units of the target, or class indices. */
  readonly truth: ArrayLike<number>;
  /** [rows], none negative; absent: all 1. */
  readonly weights?: ArrayLike<number> | undefined;
}

/** A score that is taken part by part, in row order; where the parts end shows in no bit. */
export interface Score<M extends Metrics> {
  /** @param outputs what the score compares with the truth of these rows */
  add(outputs: ArrayLike<number>, scored: Scored): void;
  /** Of all rows added; nothing is added after it. */
  result(): M;
}

/**
 * Scores predicted values in units of the target, [rows], of several quantiles [rows, quantiles]. The spread of the truth is summed about its running mean (West,
 * "Updating mean and variance estimates: an improved method", 1979), so that one pass is enough.
 *
 * @param quantiles that are predicted; null: none in particular
 */
export function createRegressionScore(quantiles: readonly number[] | null): Score<RegressionMetrics> {
  const width = quantiles?.length ?? 1;
  const centre = quantiles === null ? 0 : centralQuantile(quantiles);
  const quantileScore = quantiles && createQuantileScore(quantiles);
  let total = 0;
  let mean = 0;
  let squared = 0;
  let absolute = 0;
  let relative = 0;
  let spread = 0;
  // Told by comparison: the rounding of the mean can leave a constant target a spread that is not quite 0.
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  return {
    add(predicted, { rows, truth, weights }) {
      for (let r = 0; r < rows; r++) {
        const w = weights?.[r] ?? 1;
        // Selected, not multiplied: a row without weight must not turn the sum into NaN.
        if (w === 0) continue;
        const error = predicted[r * width + centre] - truth[r];
        quantileScore?.add(predicted, r, truth[r], w);
        squared += w * error * error;
        absolute += w * Math.abs(error);
        relative += (w * Math.abs(error)) / Math.abs(truth[r]);
        total += w;
        const deviation = truth[r] - mean;
        mean += (deviation * w) / total;
        spread += w * deviation * (truth[r] - mean);
        least = Math.min(least, truth[r]);
        greatest = Math.max(greatest, truth[r]);
      }
    },
    result: () => ({
      rmse: defined(Math.sqrt(squared / total)),
      mae: defined(absolute / total),
      r2: greatest > least ? defined(1 - squared / spread) : null,
      mape: defined(relative / total),
      ...definedScores(quantileScore?.result() ?? {}),
    }),
  };
}

/**
 * Scores logits [rows, outputs] row-major. One logit a row is that of the second of two classes; otherwise there
 * is one logit per class.
 *
 * @param rows how many rows will be added
 * @param outputs 1, or the number of classes
 */
export function createClassificationScore(
  rows: number,
  outputs: number,
  task: Task,
  weighted: boolean,
): Score<ClassificationMetrics> {
  const ranking = task === 'binary' ? createRanking(rows, weighted) : null;
  const confusion = createConfusion(classesOf(outputs));
  let total = 0;
  let correct = 0;
  let loss = 0;
  return {
    add(logits, { rows, truth, weights }) {
      for (let r = 0; r < rows; r++) {
        const w = weights?.[r] ?? 1;
        ranking?.add(margin(logits, r, outputs), truth[r], w);
        if (w === 0) continue;
        total += w;
        const predicted = mostLikely(logits, r, outputs);
        if (predicted === truth[r]) correct += w;
        confusion.add(truth[r], predicted, w);
        loss += w * negativeLogLikelihood(logits, r, outputs, truth[r]);
      }
    },
    result() {
      return {
        accuracy: defined(correct / total),
        logLoss: defined(loss / total),
        ...ranking?.result(),
        ...confusion.scores(),
      };
    },
  };
}

/** Classes that so many outputs tell apart. */
function classesOf(outputs: number): number {
  return Math.max(2, outputs);
}

/** Who is taken for whom, counted part by part, in row order. */
export interface ConfusionTable {
  /** @param logits [rows, outputs] row-major */
  add(logits: ArrayLike<number>, scored: Scored): void;
  /** Weights of rows [true class][predicted class]. */
  table(): number[][];
}

export function createConfusionTable(outputs: number): ConfusionTable {
  const confusion = createConfusion(classesOf(outputs));
  return {
    add(logits, { rows, truth, weights }) {
      for (let r = 0; r < rows; r++) confusion.add(truth[r], mostLikely(logits, r, outputs), weights?.[r] ?? 1);
    },
    table: () => confusion.table(),
  };
}

/** The score of predicted values that are at hand as a whole. */
export function regressionMetrics(
  predicted: ArrayLike<number>,
  scored: Scored,
  quantiles: readonly number[] | null = null,
): RegressionMetrics {
  const score = createRegressionScore(quantiles);
  score.add(predicted, scored);
  return score.result();
}

/** The score of logits that are at hand as a whole. */
export function classificationMetrics(
  logits: ArrayLike<number>,
  outputs: number,
  task: Task,
  scored: Scored,
): ClassificationMetrics {
  const score = createClassificationScore(scored.rows, outputs, task, scored.weights !== undefined);
  score.add(logits, scored);
  return score.result();
}

/** Index of the most likely class of a row; the first of equals. */
export function mostLikely(logits: ArrayLike<number>, row: number, outputs: number): number {
  if (outputs === 1) return logits[row] > 0 ? 1 : 0;
  let best = 0;
  for (let c = 1; c < outputs; c++) if (logits[row * outputs + c] > logits[row * outputs + best]) best = c;
  return best;
}

/**
 * Writes the probability of each class of a row: logistic of a single logit, softmax of several.
 *
 * @param out receives [classes] values; classes is 2 for one output, else `outputs`
 */
export function probabilities(logits: ArrayLike<number>, row: number, outputs: number, out: Float64Array): void {
  if (outputs === 1) {
    const z = logits[row];
    out[0] = 1 / (1 + Math.exp(z));
    out[1] = 1 / (1 + Math.exp(-z));
    return;
  }
  const start = row * outputs;
  const greatest = greatestLogit(logits, start, outputs);
  let sum = 0;
  for (let c = 0; c < outputs; c++) {
    out[c] = Math.exp(logits[start + c] - greatest);
    sum += out[c];
  }
  for (let c = 0; c < outputs; c++) out[c] /= sum;
}

function negativeLogLikelihood(logits: ArrayLike<number>, row: number, outputs: number, truth: number): number {
  if (outputs === 1) return softplus(truth === 1 ? -logits[row] : logits[row]);
  const start = row * outputs;
  // ln(sum of e^z) - z[truth], shifted by the greatest z so that nothing overflows or cancels.
  const greatest = greatestLogit(logits, start, outputs);
  let sum = 0;
  for (let c = 0; c < outputs; c++) sum += Math.exp(logits[start + c] - greatest);
  return Math.log(sum) + (greatest - logits[start + truth]);
}

/** ln(1 + e^z), without overflow. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

function greatestLogit(logits: ArrayLike<number>, start: number, count: number): number {
  let greatest = logits[start];
  for (let c = 1; c < count; c++) greatest = Math.max(greatest, logits[start + c]);
  return greatest;
}

/** How far a row leans to the second class: orders rows as its probability does, and never saturates. */
function margin(logits: ArrayLike<number>, row: number, outputs: number): number {
  return outputs === 1 ? logits[row] : logits[2 * row + 1] - logits[2 * row];
}

/** JSON has no NaN or Infinity: a score that is neither defined nor finite is null. */
function defined(score: number): number | null {
  return Number.isFinite(score) ? score : null;
}

function definedScores(scores: object): Record<string, number | null> {
  return Object.fromEntries(Object.entries(scores).map(([name, score]) => [name, defined(score)]));
}
