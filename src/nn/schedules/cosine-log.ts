import { binaryLogarithm } from '../../kernels/logarithm.js';
import { cosineOfPi } from '../../kernels/trigonometry.js';
import type { Schedule } from './schedule.js';

/** So many rises and falls, each twice as long as the one before: (1 - cos(2 pi log2(1 + (2^waves - 1) t))) / 2. */
function waves(count: number): Schedule {
  const span = (1 << count) - 1;
  return { factor: (step, steps) => (1 - cosineOfPi(2 * binaryLogarithm(1 + (span * step) / steps))) / 2 };
}

/** Four (RealMLP, Holzmueller et al. 2024). */
export const cosineLog: Schedule = waves(4);

/** Three: the same curve without its last wave, which takes as long as the three before it together. */
export const cosineLog3: Schedule = waves(3);
