/**
 * A column that holds one quantity in two units. The logarithms of its values then lie in two heaps of one shape, apart by the
 * logarithm of the units' ratio: two gaps would be chance, the same quantiles at a ratio of units are none.
 */
import { brief, type Finding } from '../check/finding.js';
import type { Summary } from './column-sample.js';
import { chanceDistance, ksDistance } from './distribution.js';
import type { Say } from './table-question.js';

/** Ratios of units that people mix, and how near a ratio of medians must be. */
const RATIOS = [
  ...[10, 100, 1000, 1e4, 1e6, 1e9],
  ...[12, 16, 24, 36, 60, 3600, 86_400, 365.25],
  ...[2.54, 3.281, 1.609, 2.205, 28.35, 453.6, 3.785, 4.184, 25.4, 30.48],
];
const NEAR = 0.12;
/** Share of the values in the smaller heap, and how many there are, at least. */
const LEAST = { share: 0.02, values: 20 };

export interface UnitMixture {
  readonly ratio: number;
  /** Values in the smaller unit's heap, which are the larger numbers. */
  readonly larger: number;
  /** Medians of the heaps. */
  readonly medians: readonly [number, number];
}

/** @param sorted ascending, finite */
export function unitMixture(sorted: Float64Array): UnitMixture | null {
  const count = sorted.length;
  if (count === 0 || sorted[0] <= 0) return null;
  const logs = sorted.map(Math.log);
  const least = Math.max(LEAST.values, Math.ceil(LEAST.share * count));
  let [cut, gap] = [0, 0];
  for (let i = least; i <= count - least; i++) {
    if (logs[i] - logs[i - 1] > gap) [cut, gap] = [i, logs[i] - logs[i - 1]];
  }
  if (cut === 0) return null;
  const [low, high] = [logs.subarray(0, cut), logs.subarray(cut)];
  // Few values that come again and again are codes, not a quantity.
  if (new Set(low).size < LEAST.values || new Set(high).size < LEAST.values) return null;
  const width = Math.max(low[cut - 1] - low[0], high[high.length - 1] - high[0]);
  const apart = middle(high) - middle(low);
  const ratio = RATIOS.find((one) => Math.abs(apart - Math.log(one)) < NEAR);
  if (ratio === undefined || gap < width / 2) return null;
  // Of one quantity, the heaps have one shape.
  const moved = high.map((v) => v - apart);
  if (ksDistance(low, moved) > chanceDistance(low.length, moved.length)) return null;
  return { ratio, larger: high.length, medians: [Math.exp(middle(low)), Math.exp(middle(high))] };
}

/** @param role what the column is called before its name: `column` or `target` */
export function mixtureFinding(role: string, column: string, { sorted, count }: Summary, say: Say): Finding | null {
  const mixture = unitMixture(sorted);
  if (mixture === null) return null;
  const { ratio, larger } = mixture;
  const [low, high] = mixture.medians.map(brief);
  return say(
    'mixed_units',
    'warning',
    `${role} ${JSON.stringify(column)} holds ${larger} values around ${high} and ${count - larger} around ${low}, of one shape, ${brief(ratio)} times apart`,
    'one quantity is written in two units',
    'Convert one of them in the table.',
    { column, ratio, larger },
  );
}

const middle = (sorted: Float64Array): number => sorted[sorted.length >> 1];
