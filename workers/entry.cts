/**
 * What the pool starts in every thread. CommonJS on purpose: the pool loads it with require, and requiring an ES module
 * while parts of it are being imported fails now and then on Node 20. The tasks themselves are in worker.ts.
 */
import type * as Tasks from './worker.js' with { 'resolution-mode': 'import' };

const tasks = import('./worker.js');

interface Call {
  readonly task: keyof typeof Tasks;
  readonly payload: unknown;
}

module.exports = async ({ task, payload }: Call): Promise<unknown> => {
  const run = (await tasks)[task] as (payload: unknown) => Promise<unknown>;
  return await run(payload);
};
