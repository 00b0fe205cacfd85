/**
 * How far the distributions of two samples are apart: the Kolmogorov-Smirnov distance, the largest difference of their distribution
 * functions (Smirnov, Ann. Math. Statist. 19, 1948), and for categories half the sum of differences of their shares.
 */

/** Rejected by chance once in a million: sqrt(-ln(1e-6 / 2) / 2). */
const CRITICAL = 2.69;

/** Both ascending, without NaN. */
export function ksDistance(a: Float64Array, b: Float64Array): number {
  let [i, j, most] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i], b[j]);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    most = Math.max(most, Math.abs(i / a.length - j / b.length));
  }
  return most;
}

/** A distance that chance reaches once in a million draws from one distribution. */
export function chanceDistance(a: number, b: number): number {
  return CRITICAL * Math.sqrt((a + b) / (a * b));
}

/** @param shares each summing to 1, of the same categories */
export function shareDistance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, share, i) => sum + Math.abs(share - b[i]), 0) / 2;
}
