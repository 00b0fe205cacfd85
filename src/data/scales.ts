/**
 * Where the values of a number are and how wide they spread, once the training rows are known: the shift, scale and clip that
 * preprocess.ts applies, and the flags of what is missing.
 *
 *   standard   mean, and population standard deviation
 *   robust     median, and the distance of the quartiles; where that is 0, half the range. With a clip of 3
 *
 * Robust is the "robust scale, smooth clip" of RealMLP: Holzmüller, Grinsztajn, Steinwart, "Better by default: strong
 * pre-tuned MLPs and boosted trees on tabular data", NeurIPS 2024.
 */
import { show } from './columns.js';
import type { EncodingOptions } from './encoding.js';
import type { NumberInput, Preprocessing, RegressionTarget } from './preprocess.js';
import type { Quartiles } from './quartiles.js';
import { type Moments, shiftAndScale } from './statistics.js';

/** What robustly scaled values stay within, in distances of the quartiles. */
const CLIP = 3;

/**
 * Shifts, scales and flags.
 *
 * @param raw with shift 0, scale 1 and no flags
 * @param moments of the numbers, and then of the target of a regression
 * @param quartiles of the numbers, where the scaling is robust
 */
export function withStatistics(
  raw: Preprocessing,
  moments: readonly Moments[],
  quartiles: readonly Quartiles[] | null,
  options: Pick<EncodingOptions, 'scale' | 'scaleTarget' | 'clampTarget'>,
): Preprocessing {
  const numbers = raw.numbers.map((number, i): NumberInput => {
    const robust = quartiles && robustScale(quartiles[i], moments[i]);
    const { missing, count } = moments[i];
    return {
      ...number,
      ...(robust ?? (options.scale === 'none' ? {} : shiftAndScale(moments[i]))),
      // Of the parts of a time, which are all missing together, the first says so; of what is always missing, none.
      flagged: missing > 0 && count > 0 && raw.numbers[i - 1]?.name !== number.name,
    };
  });
  if (raw.target.task !== 'regression') return { ...raw, numbers };
  return { ...raw, numbers, target: scaledTarget(raw.target, moments[numbers.length], options) };
}

function scaledTarget(
  target: RegressionTarget,
  moments: Moments,
  { scaleTarget, clampTarget }: Pick<EncodingOptions, 'scaleTarget' | 'clampTarget'>,
): RegressionTarget {
  const { min, max } = moments;
  return {
    ...target,
    ...(scaleTarget === 'none' ? {} : shiftAndScale(moments)),
    ...(clampTarget && { range: { min: target.centre + min, max: target.centre + max } }),
  };
}

/** Says which columns have no value in any training row. */
export function emptyNotes(location: string, { numbers }: Preprocessing, moments: readonly Moments[]): string[] {
  const empty = numbers.filter((_, i) => moments[i].count === 0).map(show);
  return [...new Set(empty)].map((name) => {
    return `column ${name} of ${location} is missing in every training row: nothing can be learnt of it`;
  });
}

function robustScale({ low, median, high }: Quartiles, { count, min, max }: Moments): Partial<NumberInput> {
  if (count === 0) return { shift: 0, scale: 0 };
  const scale = high > low ? high - low : (max - min) / 2;
  return { shift: median, scale, clip: CLIP };
}
