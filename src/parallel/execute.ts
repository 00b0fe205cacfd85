/** Runs the tasks of data loading on the worker threads of a pool. */
import type { Execute } from '../data/tasks.js';
import type { Pool } from './pool.js';

export function executeOn(pool: Pool): Execute {
  return (task, payloads) =>
    pool.runAll(
      'data',
      payloads.map((input) => ({ task, input })),
    );
}
