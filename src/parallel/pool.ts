/**
 * The worker threads: a piscina pool of long-lived threads, one task at a time each, started once and kept for data loading,
 * training and evaluation alike. A task that fails on bad input reports it whole; a thread that dies rejects its task.
 *
 * Class-free ownership: `close` ends every thread, whatever it is doing, and is safe to call twice.
 */
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { ParagradError } from '../errors.js';
import { distUrl } from '../memory/dist.js';
import type { TaskResult } from './task-result.js';

export interface Pool {
  readonly threads: number;
  /**
   * Runs a task (an export of workers/worker.ts) on a free thread.
   *
   * @throws ParagradError as the task threw it; anything else when the thread died or broke, for the caller to name it
   */
  run<T>(task: string, payload: unknown): Promise<T>;
  /**
   * Runs one task per payload; fails with the first failure, in which case the others are left to finish or to `close`.
   *
   * @throws ParagradError as a task threw it; `worker_failed` when a thread died or broke
   */
  runAll<T>(task: string, payloads: readonly unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

export interface PoolOptions {
  /** The thread entry file; the tests put one that misbehaves. */
  readonly entry?: URL;
}

/** The error of a thread that died or broke. `who` names the worker or the task it was on. */
export function workerFailure(who: string, error: unknown): ParagradError {
  const message = error instanceof Error ? error.message : String(error);
  return new ParagradError('worker_failed', `${who} failed: ${message}`, {
    kind: 'internal',
    cause: error,
    hint: 'The run was ended; run again with --verbose for the stack trace.',
  });
}

/** @param threads at least 1 */
export function createPool(threads: number, options: PoolOptions = {}): Pool {
  const entry = options.entry ?? distUrl('workers/entry.cjs');
  const piscina = new Piscina({
    filename: fileURLToPath(entry),
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    maxQueue: Number.POSITIVE_INFINITY,
    recordTiming: false,
  });
  let failure: Error | null = null;
  /** Number of the thread that was lost first, which ended the pool. */
  let lost: number | null = null;
  let closing: Promise<void> | null = null;
  const started = [...piscina.threads];
  // The library puts other threads in the place of those that died, and forgets a thread that dies before it has ended.
  const known = new Set(started);
  const noteThreads = (): void => {
    for (const thread of piscina.threads) known.add(thread);
  };
  process.on('worker', noteThreads);
  const close = (): Promise<void> => {
    closing ??= endThreads(piscina, known).finally(() => void process.off('worker', noteThreads));
    return closing;
  };
  // A pool that has lost a thread is over. The library would replace it, but not one that dies while starting, and a
  // thread that dies without a task has no promise to reject: something would wait for ever. Ending the pool rejects
  // whatever is running or queued.
  const fail = (error: Error): void => {
    if (closing !== null) return;
    failure ??= error;
    void close();
  };
  piscina.on('error', fail);
  for (const [number, thread] of started.entries()) {
    let reason: Error | null = null;
    thread.once('error', (error: Error) => {
      reason = error;
      lost ??= number;
    });
    thread.once('exit', () => {
      lost ??= number;
    });
    // After the library's own handler, which rejects the task that the thread was on.
    thread.once('exit', (code) =>
      setImmediate(() => fail(reason ?? new Error(`a worker thread exited with code ${code}`))),
    );
  }

  async function run<T>(task: string, payload: unknown): Promise<T> {
    let result: TaskResult<T>;
    try {
      if (failure !== null) throw failure;
      result = await piscina.run({ task, payload });
    } catch (error) {
      // What ended the pool says more than that its tasks were ended.
      throw failure ?? error;
    }
    if (result.error === null) return result.value;
    throw new ParagradError(result.error.code, result.error.message, result.error.options);
  }

  return {
    threads,
    run,
    async runAll<T>(task: string, payloads: readonly unknown[]): Promise<T[]> {
      return Promise.all(
        payloads.map((payload, i) =>
          run<T>(task, payload).catch((error: unknown) => {
            throw error instanceof ParagradError
              ? error
              : workerFailure(
                  `${lost === null ? 'a worker' : `worker ${lost}`} (${task} ${i + 1} of ${payloads.length})`,
                  error,
                );
          }),
        ),
      );
    },
    close,
  };
}

/**
 * Ends the pool, and waits until its threads are gone: the library's own promise settles while some are still ending, and one that
 * ends after that may be replaced.
 *
 * @param known every thread that there was; more may come while the pool ends
 */
async function endThreads(piscina: Piscina, known: ReadonlySet<Worker>): Promise<void> {
  do {
    const ends = [...known].map(ended);
    await piscina.destroy();
    await Promise.all(ends);
  } while (piscina.threads.length > 0 || [...known].some(isAlive));
}

/** A thread that has ended has no number. */
const isAlive = ({ threadId }: Worker): boolean => threadId !== -1;

const ended = (thread: Worker): Promise<void> =>
  new Promise((resolve) => {
    if (isAlive(thread)) thread.once('exit', () => resolve());
    else resolve();
  });
