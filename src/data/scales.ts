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
import type { EncodingOptions } from './encoding.js';
import type { NumberInput, Preprocessing } from './preprocess.js';
import type { Quartiles } from './quartiles.js';
import { type Moments, shiftAndScale } from './statistics.js';

/** Beyond what a value is squeezed into, in distances of the quartiles. */
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
  { scale, scaleTarget }: Pick<EncodingOptions, 'scale' | 'scaleTarget'>,
): Preprocessing {
  const numbers = raw.numbers.map((number, i): NumberInput => {
    const robust = quartiles && robustScale(quartiles[i], moments[i]);
    return {
      ...number,
      ...(robust ?? (scale === 'none' ? {} : shiftAndScale(moments[i]))),
      // Of the parts of a time, which are all missing together, the first says so.
      flagged: moments[i].missing > 0 && raw.numbers[i - 1]?.name !== number.name,
    };
  });
  const { target } = raw;
  if (target.task !== 'regression' || scaleTarget === 'none') return { ...raw, numbers };
  return { ...raw, numbers, target: { ...target, ...shiftAndScale(moments[numbers.length]) } };
}

function robustScale({ low, median, high }: Quartiles, { count, min, max }: Moments): Partial<NumberInput> {
  if (count === 0) return { shift: 0, scale: 0 };
  const scale = high > low ? high - low : (max - min) / 2;
  return { shift: median, scale, clip: CLIP };
}
