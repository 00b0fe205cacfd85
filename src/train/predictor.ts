/**
 * A trained model ready to run on datasets: its weights in a shared memory, its forward pass on every core.
 */
import { availableParallelism } from 'node:os';
import type { Dataset } from '../data/dataset.js';
import type { Execute } from '../data/tasks.js';
import { ParagradError } from '../errors.js';
import type { KernelName } from '../kernels/kernels.js';
import { chooseKernels } from '../kernels/load.js';
import { executeOn } from '../parallel/execute.js';
import { planForward } from '../parallel/plan.js';
import { createPool } from '../parallel/pool.js';
import { forwardRows, openSession, writeParameters } from '../parallel/session.js';
import type { Model } from './model.js';
import { untilAborted } from './until-aborted.js';

export interface PredictorOptions {
  /** Default: one per core. */
  readonly workers?: number;
  /** Default auto. */
  readonly kernels?: 'auto' | KernelName;
  readonly signal?: AbortSignal | undefined;
}

export interface Predictor {
  readonly threads: number;
  /** Network outputs (logits) of every row, [rows, outputs] row-major. A row's bits depend on that row alone. */
  run(dataset: Dataset): Promise<Float32Array>;
  /** Runs the tasks of data loading on the same threads. */
  readonly execute: Execute;
  /** Ends the threads; safe to call twice. */
  close(): Promise<void>;
}

export function openPredictor(model: Model, options: PredictorOptions = {}): Predictor {
  const { network } = model.description;
  const threads = options.workers ?? availableParallelism();
  const kernels = chooseKernels(options.kernels ?? 'auto');
  const signal = options.signal ?? new AbortController().signal;
  const pool = createPool(threads);
  const execute = executeOn(pool);
  const session = openSession(planForward(network.sizes, network.activation, threads), pool, kernels);
  writeParameters(
    session,
    model.tensors.map((tensor) => tensor.data),
  );
  return {
    threads,
    async run(dataset) {
      const { logits } = await untilAborted(forwardRows(session, dataset, 0, dataset.rows), signal, interrupted);
      return logits;
    },
    execute: (task, payloads) => untilAborted(execute(task, payloads), signal, interrupted),
    close: () => pool.close(),
  };
}

function interrupted(): ParagradError {
  return new ParagradError('interrupted', 'interrupted', { kind: 'interrupted' });
}
