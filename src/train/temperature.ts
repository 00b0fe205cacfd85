/**
 * Temperature scaling: one number T by which a network's logits are divided, so that its probabilities are as sure as they are
 * right on the held-out rows (Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks", 2017). Which class is the
 * most likely one stays as it was.
 *
 * T minimises the log loss of z / T. In b = 1 / T that is convex: the root of its slope is found by Newton's steps, kept inside a
 * bracket that halves where a step would leave it. Sums are float64, in row order.
 */
import type { Scored } from './metrics.js';

/** Bounds of b. At a bound the rows are told apart without a mistake, or the logits say nothing. */
const LEAST = 1 / 20;
const MOST = 20;
const STEPS = 60;
const TOLERANCE = 1e-12;
/** What is stored: fewer digits than the last ones, in which versions of an engine may differ. */
const DIGITS = 8;

/**
 * Fits the temperature.
 *
 * @param logits [rows, outputs] row-major; one output is the logit of the second of two classes
 * @param scored class indices, and weights where there are some
 * @returns T, between 1/20 and 20; 1 where it makes no difference
 */
export function fitTemperature(logits: ArrayLike<number>, outputs: number, scored: Scored): number {
  const derivatives = derivativesOf(logits, outputs, scored);
  let [low, high] = [LEAST, MOST];
  let b = 1;
  for (let step = 0; step < STEPS; step++) {
    const { slope, curvature } = derivatives(b);
    if (slope === 0) break;
    if (slope < 0) low = b;
    else high = b;
    const newton = b - slope / curvature;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    const moved = Math.abs(next - b);
    b = next;
    if (moved <= TOLERANCE * b) break;
  }
  return Number((1 / b).toPrecision(DIGITS));
}

/** First and second derivative of the summed log loss by b: the mean of z under the probabilities less z of the truth, and its variance. */
function derivativesOf(logits: ArrayLike<number>, outputs: number, { rows, truth, weights }: Scored) {
  const classes = Math.max(2, outputs);
  const z = new Float64Array(classes);
  return (b: number): { slope: number; curvature: number } => {
    let [slope, curvature] = [0, 0];
    for (let r = 0; r < rows; r++) {
      const weight = weights?.[r] ?? 1;
      if (weight === 0) continue;
      if (outputs === 1) z[1] = logits[r];
      else for (let c = 0; c < classes; c++) z[c] = logits[r * classes + c];
      let greatest = z[0];
      for (let c = 1; c < classes; c++) greatest = Math.max(greatest, z[c]);
      let [total, first, second] = [0, 0, 0];
      for (let c = 0; c < classes; c++) {
        const e = Math.exp(b * (z[c] - greatest));
        total += e;
        first += e * z[c];
        second += e * z[c] * z[c];
      }
      const mean = first / total;
      slope += weight * (mean - z[truth[r]]);
      curvature += weight * Math.max(0, second / total - mean * mean);
    }
    return { slope, curvature };
  };
}
