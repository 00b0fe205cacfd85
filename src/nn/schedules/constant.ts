import type { Schedule } from './schedule.js';

/** The same rate all the time. */
export const constant: Schedule = { factor: () => 1 };
