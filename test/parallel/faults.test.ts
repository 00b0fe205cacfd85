/** A worker that throws, exits, is terminated or never comes back ends the segment with its number: no hang, no crash. */
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { chooseKernels } from '../../src/kernels/load.js';
import type { StepPlan } from '../../src/parallel/plan.js';
import { createPool, type Pool } from '../../src/parallel/pool.js';
import { openSession, runSegment, type SegmentOutcome, type Session } from '../../src/parallel/session.js';
import { BASE, makeDataset, makePlan, orderOf, type TestRun } from './fixtures.js';

const kernels = chooseKernels('auto');
const run: TestRun = { ...BASE, rows: 400, batchSize: 8, shards: 8 };
const plan = makePlan(run, 3);
const dataset = makeDataset(run);
const entry = new URL('../faults/entry.cjs', import.meta.url);

let pool: Pool | undefined;
afterEach(async () => {
  delete process.env.FAULT;
  await pool?.close();
});

function open(fault: string): Session<StepPlan> {
  process.env.FAULT = fault;
  pool = createPool(3, { entry });
  return openSession(plan, pool, kernels);
}

function segment(session: Session<StepPlan>, number: number): Promise<SegmentOutcome> {
  const request = { segment: number, order: orderOf(dataset), firstBatch: 0, batches: 50, updates: 0 };
  return runSegment(session, dataset, request, undefined);
}

describe('a worker that', () => {
  it.each([
    ['exits with a code', 'exit:2:1', /^worker 2 failed: worker exited with code: 3/],
    ['exits with code 0', 'exit0:0:1', /^worker 0 failed: worker exited with code: 0/],
  ])('%s ends the segment with its error and number, and the others stop', async (_, fault, message) => {
    const session = open(fault);
    expect((await segment(session, 0)).status).toBe('done');
    const error: unknown = await segment(session, 1).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'worker_failed', kind: 'internal', message: expect.stringMatching(message) });
    const again: unknown = await segment(session, 2).catch((e: unknown) => e);
    expect(again).toMatchObject({ code: 'worker_failed' });
  });

  it('exits while it loads ends the load with its number and task', async () => {
    process.env.FAULT = 'exit:data:inputs';
    const threads: Worker[] = [];
    const ended: number[] = [];
    const collect = (thread: Worker): void => {
      const number = threads.push(thread) - 1;
      thread.once('exit', () => ended.push(number));
    };
    process.on('worker', collect);
    pool = createPool(3, { entry });
    const share = (task: string) => ({
      ...{ task, common: { dataset, columns: [], addon: null } },
      ...{ parts: [{ rowStart: 0, rowEnd: 0 }], next: new SharedArrayBuffer(4) },
    });
    const standardise = share('standardise');
    await pool.runAll('data', [standardise, standardise, standardise]);
    process.off('worker', collect);
    const error = await pool.runAll('data', [standardise, share('inputs'), standardise]).catch((e: Error) => e);
    expect(ended).toHaveLength(1);
    const message = `worker ${ended[0]} (data 2 of 3) failed: worker exited with code: 3`;
    expect(error).toMatchObject({ code: 'worker_failed', kind: 'internal', message });
  });

  it('throws ends the segment with its error and number, and all threads are free for the next', async () => {
    const session = open('throw:1:1');
    expect((await segment(session, 0)).status).toBe('done');
    const error: unknown = await segment(session, 1).catch((e: unknown) => e);
    const message = 'worker 1 failed: planted fault';
    expect(error).toMatchObject({ code: 'worker_failed', kind: 'internal', message });
    expect((await segment(session, 2)).status).toBe('done');
  });

  it('is terminated from outside ends the segment with its error and number', async () => {
    const threads: Worker[] = [];
    const collect = (thread: Worker): void => void threads.push(thread);
    process.on('worker', collect);
    const session = open('spin:1:1');
    expect((await segment(session, 0)).status).toBe('done');
    process.off('worker', collect);
    expect(threads.length).toBe(3);
    const running = segment(session, 1).catch((e: unknown) => e);
    // Workers 0 and 2 are asleep or spinning at the first barrier by now or soon; either way nobody will come.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all(threads.map((thread) => thread.terminate()));
    expect(await running).toMatchObject({ code: 'worker_failed', message: expect.stringMatching(/^worker \d failed/) });
  });

  it.each([
    ['throws', 'import', /planted fault at import/],
    ['exits', 'leave', /(ended|exited) with code:? 4/],
  ])('%s while starting ends the segment', async (_, fault, message) => {
    const session = open(fault);
    const error: unknown = await segment(session, 0).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'worker_failed', message: expect.stringMatching(message) });
    const again: unknown = await segment(session, 1).catch((e: unknown) => e);
    expect(again).toMatchObject({ code: 'worker_failed', message: expect.stringMatching(message) });
  });

  it('never comes back does not keep the pool from closing', async () => {
    const session = open('spin:0:0');
    const running = segment(session, 0).catch((e: unknown) => e);
    await new Promise((resolve) => setImmediate(resolve));
    await pool?.close();
    expect(await running).toMatchObject({ code: 'worker_failed' });
  });
});
