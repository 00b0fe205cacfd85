/** What a schedule makes of a run's steps: the learning rate of each, after a warm-up, and other factors that go with them. */
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

/**
 * The factor of something else that follows a schedule, at an update: of decay, of dropout. They have no warm-up.
 *
 * @param steps of the run
 * @param t the update, counted from 1
 */
export function factorAt(schedule: ScheduleName, steps: number, t: number): number {
  const { factor }: Schedule = SCHEDULES[schedule];
  return factor(Math.min(t, steps) - 1, steps);
}
