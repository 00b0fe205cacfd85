import { cosineOfPi } from '../../kernels/trigonometry.js';
import type { Schedule } from './schedule.js';

/** All of it for half of the steps, then down to none along half a cosine (RealMLP's "flat_cos", Holzmueller et al. 2024). */
export const flatCosine: Schedule = {
  factor: (step, steps) => (2 * step < steps ? 1 : (1 + cosineOfPi((2 * step) / steps - 1)) / 2),
};
