/**
 * What the pool starts in every thread. CommonJS on purpose: the pool loads it with require, and requiring an ES module
 * while parts of it are being imported fails now and then on Node 20. The tasks themselves are in worker.ts.
 *
 * A promise on purpose, too: the pool waits for it while the thread starts. Between tasks a thread sleeps, and loads nothing; what
 * is not loaded by then is loaded at the first task, for which somebody waits.
 */
import type * as Tasks from './worker.js' with { 'resolution-mode': 'import' };

interface Call {
  readonly task: keyof typeof Tasks;
  readonly payload: unknown;
}

module.exports = import('./worker.js').then((tasks) => async ({ task, payload }: Call): Promise<unknown> => {
  const run = tasks[task] as (payload: unknown) => Promise<unknown>;
  return await run(payload);
});
