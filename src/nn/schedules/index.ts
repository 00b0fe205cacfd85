/** The schedules by name. The CLI's choices, the config schema and the tests' matrix come from here. */
import { constant } from './constant.js';
import { cosine } from './cosine.js';
import { cosineLog, cosineLog3 } from './cosine-log.js';
import { flatCosine } from './flat-cosine.js';
import { oneCycle } from './one-cycle.js';
import type { Schedule } from './schedule.js';
import { step } from './step.js';

export const SCHEDULES = {
  constant,
  step,
  cosine,
  one_cycle: oneCycle,
  flat_cosine: flatCosine,
  cosine_log: cosineLog,
  cosine_log_3: cosineLog3,
} satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;
