/**
 * Scores of a model on rows whose truth is known. Everything is summed in float64 and in row order, so the same rows give
 * the same bits; nothing else about how they were computed shows. Weights, where given, count a row that many times.
 *
 * A score that the rows do not define (R2 of a constant target, AUC with one class) is null.
 */
import type { Task } from '../nn/losses/loss.js';

export interface RegressionMetrics {
  /** In units of the target. */
  readonly rmse: number | null;
  readonly mae: number | null;
  /** 1 - residual sum of squares / total sum of squares about the weighted mean. */
  readonly r2: number | null;
}

export interface ClassificationMetrics {
  /** Share of rows whose most likely class is the true one; the first class wins a tie. */
  readonly accuracy: number | null;
  /** Mean of -ln(probability of the true class). */
  readonly logLoss: number | null;
  /** Binary only: probability that a row of the second class scores above one of the first; ties count half. */
  readonly auc?: number | null;
}

export type Metrics = RegressionMetrics | ClassificationMetrics;

/** What is scored. */
export interface Scored {
  readonly rows: number;
  /** Float32 [rows]: values in units of the target, or class indices. */
  readonly truth: ArrayLike<number>;
  /** [rows], none negative; absent: all 1. */
  readonly weights?: ArrayLike<number> | undefined;
}

/**
 * Scores predicted values.
 *
 * @param predicted [rows], in units of the target
 */
export function regressionMetrics(predicted: ArrayLike<number>, { rows, truth, weights }: Scored): RegressionMetrics {
  let total = 0;
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const w = weights?.[r] ?? 1;
    total += w;
    sum += w * truth[r];
  }
  const mean = sum / total;
  let squared = 0;
  let absolute = 0;
  let spread = 0;
  // Told by comparison: the rounding of the mean can leave a constant target a spread that is not quite 0.
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let r = 0; r < rows; r++) {
    const w = weights?.[r] ?? 1;
    // Selected, not multiplied: a row without weight must not turn the sum into NaN.
    if (w === 0) continue;
    const error = predicted[r] - truth[r];
    squared += w * error * error;
    absolute += w * Math.abs(error);
    spread += w * (truth[r] - mean) * (truth[r] - mean);
    least = Math.min(least, truth[r]);
    greatest = Math.max(greatest, truth[r]);
  }
  return {
    rmse: defined(Math.sqrt(squared / total)),
    mae: defined(absolute / total),
    r2: greatest > least ? defined(1 - squared / spread) : null,
  };
}

/**
 * Scores logits. One logit a row is that of the second of two classes; otherwise one logit per class.
 *
 * @param logits float32 [rows, outputs] row-major
 * @param outputs 1, or the number of classes
 */
export function classificationMetrics(
  logits: ArrayLike<number>,
  outputs: number,
  task: Task,
  scored: Scored,
): ClassificationMetrics {
  const { rows, truth, weights } = scored;
  let total = 0;
  let correct = 0;
  let loss = 0;
  for (let r = 0; r < rows; r++) {
    const w = weights?.[r] ?? 1;
    if (w === 0) continue;
    total += w;
    if (mostLikely(logits, r, outputs) === truth[r]) correct += w;
    loss += w * negativeLogLikelihood(logits, r, outputs, truth[r]);
  }
  const metrics = { accuracy: defined(correct / total), logLoss: defined(loss / total) };
  return task === 'binary' ? { ...metrics, auc: areaUnderCurve(margins(logits, rows, outputs), scored) } : metrics;
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

/** How far each row leans to the second class: orders rows as its probability does, and never saturates. */
function margins(logits: ArrayLike<number>, rows: number, outputs: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, r) => (outputs === 1 ? logits[r] : logits[2 * r + 1] - logits[2 * r]));
}

/**
 * Weighted Mann-Whitney statistic: over rows sorted by score, each row of the second class beats the weight of the first
 * class below it and half of that at its own score (midranks).
 */
function areaUnderCurve(scores: Float64Array, { rows, truth, weights }: Scored): number | null {
  if (scores.some(Number.isNaN)) return null;
  const order = Uint32Array.from({ length: rows }, (_, r) => r).sort((a, b) => scores[a] - scores[b] || a - b);
  const total = [0, 0];
  let beaten = 0;
  for (let start = 0, end = 0; start < rows; start = end) {
    const tied = [0, 0];
    for (end = start; end < rows && scores[order[end]] === scores[order[start]]; end++) {
      tied[truth[order[end]]] += weights?.[order[end]] ?? 1;
    }
    beaten += tied[1] * (total[0] + tied[0] / 2);
    total[0] += tied[0];
    total[1] += tied[1];
  }
  return total[0] > 0 && total[1] > 0 ? beaten / (total[0] * total[1]) : null;
}

/** JSON has no NaN or Infinity: a score that is neither defined nor finite is null. */
function defined(score: number): number | null {
  return Number.isFinite(score) ? score : null;
}
