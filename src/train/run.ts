/**
 * A training run as the library offers it: it goes on by itself, its events can be iterated as they happen, and `result`
 * settles either way.
 */
import { resolveConfig, type TrainConfig } from './config.js';
import type { DoneEvent, TrainEvent, TrainingRun } from './events.js';
import { runTraining } from './trainer.js';

export interface TrainOptions {
  /** Stops the run: `result` rejects with a ParagradError of kind `interrupted`. */
  readonly signal?: AbortSignal;
}

/**
 * Trains a network on a table and writes a run directory.
 *
 * @throws ParagradError `bad_option` at once; everything else through the iteration and `result`
 *
 * @example
 * for await (const event of train({ data: 'houses.parquet', target: 'price' })) {
 *   if (event.type === 'done') console.log(event.model, event.metrics.validation);
 * }
 */
export function train(config: TrainConfig, options: TrainOptions = {}): TrainingRun {
  const resolved = resolveConfig(config);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const waiting: TrainEvent[] = [];
  let wake: () => void = () => {};

  const result = runTraining(resolved, signal, (event) => {
    waiting.push(event);
    wake();
  });
  let settled = false;
  // Also marks the rejection as handled: whoever only iterates meets it there.
  result
    .catch(() => undefined)
    .finally(() => {
      settled = true;
      wake();
    });

  async function* events(): AsyncGenerator<TrainEvent, void> {
    let completed = false;
    try {
      for (;;) {
        const event = waiting.shift();
        if (event !== undefined) {
          yield event;
        } else if (settled) {
          completed = true;
          await result;
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      if (!completed) {
        stop.abort();
        await result.catch(() => undefined);
      }
    }
  }

  return { result: result as Promise<DoneEvent>, [Symbol.asyncIterator]: events };
}
