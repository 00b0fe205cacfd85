import { cosineOfPi } from '../../kernels/trigonometry.js';
import type { Schedule } from './schedule.js';

/** Half a cosine from the full rate to none (Loshchilov & Hutter, "SGDR", ICLR 2017, without restarts). */
export const cosine: Schedule = { factor: (step, steps) => (1 + cosineOfPi(step / steps)) / 2 };
