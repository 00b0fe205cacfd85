import { binaryLogarithm } from '../../kernels/logarithm.js';
import { cosineOfPi } from '../../kernels/trigonometry.js';
import type { Schedule } from './schedule.js';

/** Four rises and falls, each twice as long as the one before: (1 - cos(2 pi log2(1 + 15 t))) / 2 (RealMLP, Holzmueller et al. 2024). */
export const cosineLog: Schedule = {
  factor: (step, steps) => (1 - cosineOfPi(2 * binaryLogarithm(1 + (15 * step) / steps))) / 2,
};
