/**
 * cos(pi x) in float64, ours, since the language's own cosine may differ between engines. The argument is reduced exactly to an
 * eighth of a turn, where Taylor's polynomial leaves out less than 2^-58.
 */

/** 1 / 2!, 1 / 4! … with signs: cos y = 1 + y^2 (c0 + y^2 (c1 + …)). */
const COSINE = [
  -1 / 2,
  1 / 24,
  -1 / 720,
  1 / 40320,
  -1 / 3628800,
  1 / 479001600,
  -1 / 87178291200,
  1 / 20922789888000,
] as const;
/** 1 / 3!, 1 / 5! … with signs: sin y = y + y^3 (c0 + y^2 (c1 + …)). */
const SINE = [
  -1 / 6,
  1 / 120,
  -1 / 5040,
  1 / 362880,
  -1 / 39916800,
  1 / 6227020800,
  -1 / 1307674368000,
  1 / 355687428096000,
] as const;

function series(coefficients: readonly number[], square: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = coefficients[i] + square * sum;
  return square * sum;
}

/**
 * The cosine of pi x, within 2^-52 absolutely. Exactly 1, 0 and -1 where x is a whole number or half of one.
 *
 * @param x finite, of a magnitude below 2^52
 */
export function cosineOfPi(x: number): number {
  // Distance from the nearest even number: at most 1, and exact.
  const turn = Math.abs(x - 2 * Math.round(x / 2));
  if (turn > 0.5) return -quarter(1 - turn);
  return quarter(turn);
}

/** cos(pi x) for 0 <= x <= 1/2. */
function quarter(x: number): number {
  if (x <= 0.25) {
    const y = Math.PI * x;
    return 1 + series(COSINE, y * y);
  }
  const y = Math.PI * (0.5 - x);
  return y + y * series(SINE, y * y);
}
