/**
 * A training run as the library offers it: it goes on by itself, its events can be iterated as they happen, and `result`
 * settles either way.
 */
import { resolveConfig, type TrainConfig } from './config.js';
import { runFolds } from './cross-validation.js';
import type {
  CrossValidationDone,
  CrossValidationEvent,
  CrossValidationRun,
  DoneEvent,
  TrainEvent,
  TrainingRun,
} from './events.js';
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
  return start<TrainEvent, DoneEvent>((signal, emit) => runTraining(resolved, signal, emit), options);
}

/**
 * Scores what would be trained by cross-validation: every row is held out in one of several folds. No model is kept.
 *
 * @param config as for `train`; its validation fraction is not read
 * @param options `folds`: at least 2
 * @throws ParagradError `bad_option` at once; everything else through the iteration and `result`
 *
 * @example
 * const { metrics, deviation } = await crossValidate({ data: 'houses.parquet', target: 'price' }, { folds: 5 }).result;
 */
export function crossValidate(
  config: TrainConfig,
  { folds, ...options }: TrainOptions & { readonly folds: number },
): CrossValidationRun {
  const resolved = resolveConfig(config);
  return start<CrossValidationEvent, CrossValidationDone>(
    (signal, emit) => runFolds(resolved, folds, signal, emit),
    options,
  );
}

/** Starts work that tells events, and makes them an iteration. */
function start<Event, Result>(
  work: (signal: AbortSignal, emit: (event: Event) => void) => Promise<Result>,
  options: TrainOptions,
): AsyncIterable<Event> & { readonly result: Promise<Result> } {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const waiting: Event[] = [];
  let wake: () => void = () => {};

  const result = work(signal, (event) => {
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

  async function* events(): AsyncGenerator<Event, void> {
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

  return { result, [Symbol.asyncIterator]: events };
}
