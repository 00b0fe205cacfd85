/** The learning rate of each step of a run: a warm-up, then a schedule over the steps that are left. */
import { SCHEDULES, type ScheduleName } from './index.js';
import type { Schedule } from './schedule.js';

/** Plain data: can be posted to a worker. */
export interface RatePlan {
  readonly schedule: ScheduleName;
  /** Steps over which the rate rises in equal parts: N of them have 1, 2 … N parts in N + 1. */
  readonly warmupSteps: number;
  /** Steps of the run, at most. */
  readonly steps: number;
}

/** For runs without an end. */
export const CONSTANT_RATE: RatePlan = { schedule: 'constant', warmupSteps: 0, steps: 1 };

/**
 * The rate of an update. Beyond the planned steps it stays at that of the last one.
 *
 * @param rate that was asked for
 * @param t the update, counted from 1
 *
 * @example
 * rateAt({ schedule: 'cosine', warmupSteps: 100, steps: 1000 }, 0.01, 1); // 0.01 / 101
 */
export function rateAt({ schedule, warmupSteps, steps }: RatePlan, rate: number, t: number): number {
  if (t <= warmupSteps) return (rate * t) / (warmupSteps + 1);
  const { factor }: Schedule = SCHEDULES[schedule];
  const left = Math.max(1, steps - warmupSteps);
  return rate * factor(Math.min(t - warmupSteps, left) - 1, left);
}
