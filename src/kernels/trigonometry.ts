/**
 * Sine and cosine in float64, with the same bits on every engine: `Math.sin` is not specified to the last bit.
 *
 * An angle is given in turns (1 turn = 2 pi) or half turns, and reduced to an eighth of a turn, where the Taylor polynomials of
 * degree 17 and 16 are exact to 1e-17; what is left is rounding. The error is at most 2^-51, tested against integer arithmetic
 * of 200 bits. Float32 lanes have their own (assembly/periodic.ts).
 */

/** 1/3!, 1/5! … 1/17!, signs alternating. */
const SINE = [
  -1 / 6,
  1 / 120,
  -1 / 5040,
  1 / 362880,
  -1 / 39916800,
  1 / 6227020800,
  -1 / 1307674368000,
  1 / 355687428096000,
];
/** 1/2!, 1/4! … 1/16!, signs alternating. */
const COSINE = [-1 / 2, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800, 1 / 479001600, -1 / 87178291200, 1 / 20922789888000];

/** sin(2 pi t), 0 <= t <= 1. */
export function sineOfTurn(t: number): number {
  const quarter = Math.floor(4 * t + 0.5);
  const x = (t - quarter / 4) * (2 * Math.PI);
  const value = quarter & 1 ? smallCosine(x) : smallSine(x);
  return quarter & 2 ? -value : value;
}

/** cos(2 pi t), 0 <= t <= 1. */
export function cosineOfTurn(t: number): number {
  const quarter = Math.floor(4 * t + 0.5);
  const x = (t - quarter / 4) * (2 * Math.PI);
  const value = quarter & 1 ? smallSine(x) : smallCosine(x);
  return (quarter + 1) & 2 ? -value : value;
}

/**
 * The cosine of pi x, within 2^-52 absolutely. Exactly 1, 0 and -1 where x is a whole number or half of one.
 *
 * @param x finite, of a magnitude below 2^52
 */
export function cosineOfPi(x: number): number {
  // Distance from the nearest even number: at most 1, and exact.
  const turn = Math.abs(x - 2 * Math.round(x / 2));
  if (turn > 0.5) return -cosineOfQuarter(1 - turn);
  return cosineOfQuarter(turn);
}

/** cos(pi x) for 0 <= x <= 1/2. */
function cosineOfQuarter(x: number): number {
  return x <= 0.25 ? smallCosine(Math.PI * x) : smallSine(Math.PI * (0.5 - x));
}

function smallSine(x: number): number {
  return x + x * tail(SINE, x * x);
}

function smallCosine(x: number): number {
  return 1 + tail(COSINE, x * x);
}

/** c0 y + c1 y^2 + … */
function tail(coefficients: readonly number[], y: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = (sum + coefficients[i]) * y;
  return sum;
}
