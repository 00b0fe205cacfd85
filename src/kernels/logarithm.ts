/**
 * The natural logarithm in float64 for coordinators and schedules, who have no kernels at hand: the same bits on every engine, which
 * `Math.log` does not promise. Method: x = m 2^n with m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh(s), s = (m - 1) / (m + 1), by its
 * series up to s^25 (what is left out is below 2^-65). The error is below 2 ulp away from 1, and 2^-52 absolutely.
 * Kernels have their own (assembly/elementary.ts).
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** ln x of a positive normal number. */
export function naturalLogarithm(x: number): number {
  let n = 0;
  let m = x;
  // Halves and doubles are exact. Arguments here are between 2^-33 and 16: a few turns.
  while (m >= Math.SQRT2) {
    m /= 2;
    n++;
  }
  while (m < Math.SQRT1_2) {
    m *= 2;
    n--;
  }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let k = 25; k >= 3; k -= 2) sum = (sum + 2 / k) * square;
  return n * LN2_HIGH + (2 * s + (s * sum + n * LN2_LOW));
}

/** log2 x of a positive normal number; exact where x is a power of two. */
export function binaryLogarithm(x: number): number {
  let n = 0;
  let m = x;
  while (m >= 2) {
    m /= 2;
    n++;
  }
  while (m < 1) {
    m *= 2;
    n--;
  }
  return n + naturalLogarithm(m) * Math.LOG2E;
}
