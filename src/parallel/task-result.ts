/**
 * How a task's outcome crosses the thread boundary. A thrown ParagradError would lose its code and hint on the way, so it is
 * sent as data; any other error is a bug and is thrown as it is.
 */
import { ParagradError, type ParagradErrorOptions } from '../errors.js';

export type TaskResult<T> =
  | { readonly error: null; readonly value: T }
  | {
      readonly error: {
        readonly code: string;
        readonly message: string;
        readonly options: Pick<ParagradErrorOptions, 'kind' | 'hint'>;
      };
    };

/** Runs a task and wraps what comes of it. */
export async function settle<T>(task: () => T | Promise<T>): Promise<TaskResult<T>> {
  try {
    return { error: null, value: await task() };
  } catch (error) {
    if (!(error instanceof ParagradError)) throw error;
    const { code, message, kind, hint } = error;
    return { error: { code, message, options: hint === undefined ? { kind } : { kind, hint } } };
  }
}
