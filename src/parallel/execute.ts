/** Runs the tasks of data loading on the worker threads of a pool. */
import type { DataTask, Execute, Share, TaskCommon, TaskOutput, TaskPart } from '../data/tasks.js';
import type { Pool } from './pool.js';

export function executeOn(pool: Pool): Execute {
  return async <K extends DataTask>(task: K, common: TaskCommon<K>, parts: readonly TaskPart<K>[]) => {
    const share: Share<K> = { task, common, parts, next: new SharedArrayBuffer(4) };
    const threads = Math.min(pool.threads, parts.length);
    const shares = await pool.runAll<[number, TaskOutput<K>][]>('data', new Array(threads).fill(share));
    const results = new Array<TaskOutput<K>>(parts.length);
    for (const [part, result] of shares.flat()) results[part] = result;
    return results;
  };
}
