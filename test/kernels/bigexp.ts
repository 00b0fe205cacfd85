/** e^x to a thousand binary places, in integers: the oracle of the float64 exp and log. */

/** Fixed point: value * 2^FRACTION. Enough for the smallest denormal and for 2^1024. */
const FRACTION = 1400n;
const ONE = 1n << FRACTION;
/** e^x = (e^(x / 2^HALVINGS))^(2^HALVINGS); keeps the series short. */
const HALVINGS = 24n;

/** A float64 as a fixed-point integer, exactly. */
function toFixed(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = (bits & 0xfffffffffffffn) | (exponent === 0n ? 0n : 1n << 52n);
  const magnitude = fraction << (FRACTION - 1074n + (exponent === 0n ? 0n : exponent - 1n));
  return x < 0 ? -magnitude : magnitude;
}

/** e^x by its series, as a fixed-point integer. */
function expFixed(x: number): bigint {
  const reduced = toFixed(x) >> HALVINGS;
  let term = ONE;
  let sum = ONE;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = (term * reduced) / (n << FRACTION);
    sum += term;
  }
  for (let i = 0n; i < HALVINGS; i++) sum = (sum * sum) >> FRACTION;
  return sum;
}

/** The distance between y and the next float64 away from 0. */
function ulpFixed(y: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(y));
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return toFixed(view.getFloat64(0)) - toFixed(Math.abs(y));
}

const magnitude = (x: bigint) => (x < 0n ? -x : x);

/** How many ulp y is away from e^x. */
export function ulpsFromExp(y: number, x: number): number {
  return Number((magnitude(toFixed(y) - expFixed(x)) * 10000n) / ulpFixed(y)) / 10000;
}

/** How many ulp y is away from ln x: ln x = y + ln(x e^-y), and the last logarithm is of 1 + tiny. */
export function ulpsFromLog(y: number, x: number): number {
  const tiny = ((toFixed(x) * expFixed(-y)) >> FRACTION) - ONE;
  return Number((magnitude(tiny) * 10000n) / ulpFixed(y)) / 10000;
}
