/**
 * The worker threads: a piscina pool of long-lived threads, one task at a time each, started once and kept for data loading,
 * training and evaluation alike. A task that fails on bad input reports it whole; a thread that dies rejects its task.
 *
 * Class-free ownership: `close` ends every thread, whatever it is doing, and is safe to call twice.
 */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { ParagradError } from '../errors.js';
import { distUrl } from '../memory/dist.js';
import type { TaskResult } from './task-result.js';

export interface Pool {
  readonly threads: number;
  /**
   * Runs a task (an export of the thread entry) on a free thread.
   *
   * @throws ParagradError as the task threw it; `worker_failed` when the thread died or threw anything else
   */
  run<T>(task: string, payload: unknown): Promise<T>;
  /** Runs one task per payload; fails with the first failure, in which case the others are left to finish or to `close`. */
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
  const entry = options.entry ?? distUrl('workers/worker.js');
  const piscina = new Piscina({
    filename: fileURLToPath(entry),
    name: 'segment',
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    maxQueue: Number.POSITIVE_INFINITY,
    recordTiming: false,
  });
  let failure: Error | null = null;
  let closing: Promise<void> | null = null;
  // A thread that dies between tasks has no promise to reject: remember why, and fail what comes next.
  piscina.on('error', (error: Error) => {
    failure ??= error;
  });

  async function run<T>(task: string, payload: unknown): Promise<T> {
    if (failure !== null) throw workerFailure('a worker', failure);
    let result: TaskResult<T>;
    try {
      result = await piscina.run(payload, { name: task });
    } catch (error) {
      throw error instanceof Error ? error : new Error(String(error));
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
              : workerFailure(`a worker (${task} ${i + 1} of ${payloads.length})`, error);
          }),
        ),
      );
    },
    close() {
      closing ??= piscina.destroy();
      return closing;
    },
  };
}
