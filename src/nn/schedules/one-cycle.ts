import { cosineOfPi } from '../../kernels/trigonometry.js';
import type { Schedule } from './schedule.js';

/** PyTorch's defaults: where the rise ends, and the first and last factors. */
const RISE = 0.3;
const FIRST = 1 / 25;
const LAST = FIRST / 1e4;

/**
 * Up from a 25th of the rate to all of it by 30% of the steps, then down to almost nothing, both along half a cosine (Smith &
 * Topin, "Super-convergence", 2018), as PyTorch's OneCycleLR; momentum stays as it is.
 */
export const oneCycle: Schedule = {
  factor(step, steps) {
    const top = RISE * steps - 1;
    if (step <= top) return between(FIRST, 1, step / top);
    return between(1, LAST, (step - top) / (steps - 1 - top));
  },
};

/** From `start` at 0 to `end` at 1. */
function between(start: number, end: number, at: number): number {
  return end + ((start - end) / 2) * (1 + cosineOfPi(at));
}
