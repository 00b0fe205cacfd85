import type { Schedule } from './schedule.js';

/** A tenth of the rate after half of the steps, a hundredth after three quarters (He et al., CVPR 2016, section 4.2). */
export const step: Schedule = {
  factor: (at, steps) => (at < steps / 2 ? 1 : at < (3 * steps) / 4 ? 0.1 : 0.01),
};
