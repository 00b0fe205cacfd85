/** Ends of axes at round numbers. */

/** Steps of a linear axis: 1, 2 or 5 times a power of ten. */
const STEPS = [1, 2, 5, 10];
/** About so many steps from end to end. */
const PARTS = 6;

/** The smallest range of whole steps around values, `low` below `high`. */
export function roundRange(low: number, high: number): readonly [number, number] {
  const part = (high - low) / PARTS;
  const power = 10 ** Math.floor(Math.log10(part));
  const times = STEPS.find((step) => step * power >= part * (1 - 1e-9)) ?? 10;
  // By whole numbers, so that 3 * 0.2 is 0.6.
  const at = (n: number): number => Number((n * times * power).toPrecision(12));
  return [at(Math.floor(low / (times * power) + 1e-9)), at(Math.ceil(high / (times * power) - 1e-9))];
}

/** The smallest range of whole powers around values above 0. */
export function powerRange(low: number, high: number, base: 2 | 10): readonly [number, number] {
  const exponent = (value: number): number => (base === 2 ? Math.log2(value) : Math.log10(value));
  const ends = [Math.floor(exponent(low) + 1e-9), Math.ceil(exponent(high) - 1e-9)];
  const [from, to] = ends[0] === ends[1] ? [ends[0], ends[0] + 1] : ends;
  return [Number((base ** from).toPrecision(12)), Number((base ** to).toPrecision(12))];
}
