/**
 * A trained model ready to run on datasets: the weights of each member in a shared memory, its forward pass on every core.
 */
import { availableParallelism } from 'node:os';
import type { Dataset } from '../data/dataset.js';
import type { Execute } from '../data/tasks.js';
import { ParagradError } from '../errors.js';
import type { KernelName } from '../kernels/kernels.js';
import { type ChosenKernels, chooseKernels } from '../kernels/load.js';
import { executeOn } from '../parallel/execute.js';
import { planForward } from '../parallel/plan.js';
import { createPool, type Pool } from '../parallel/pool.js';
import { forwardRows, openSession, writeParameters } from '../parallel/session.js';
import type { Model } from './model.js';
import type { MemberDescription } from './model-description.js';
import { untilAborted } from './until-aborted.js';

export interface PredictorOptions {
  /** Default: one per core. */
  readonly workers?: number;
  /** Default auto. */
  readonly kernels?: 'auto' | KernelName;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Network outputs (logits) of every row, [rows, outputs] row-major. A row's bits depend on that row alone.
 *
 * @param member index of the network
 */
export type Forward = (member: number, dataset: Dataset) => Promise<Float32Array>;

export interface Predictor {
  readonly threads: number;
  readonly forward: Forward;
  /** Runs the tasks of data loading on the same threads. */
  readonly execute: Execute;
  /** Ends the threads; safe to call twice. */
  close(): Promise<void>;
}

/** A network and the contents of its tensors. */
export interface TrainedNetwork {
  readonly network: MemberDescription['network'];
  readonly values: readonly Float32Array[];
}

/** Lays networks out in memories of their own, for all threads of a pool. */
export function openForward(
  networks: readonly TrainedNetwork[],
  pool: Pool,
  kernels: ChosenKernels,
  signal: AbortSignal,
): Forward {
  const sessions = networks.map(({ network, values }) => {
    const session = openSession(planForward(network, pool.threads), pool, kernels);
    writeParameters(session, values);
    return session;
  });
  return async (member, dataset) => {
    const { logits } = await untilAborted(forwardRows(sessions[member], dataset, 0, dataset.rows), signal, interrupted);
    return logits;
  };
}

export function openPredictor(model: Model, options: PredictorOptions = {}): Predictor {
  const threads = options.workers ?? availableParallelism();
  const kernels = chooseKernels(options.kernels ?? 'auto');
  const signal = options.signal ?? new AbortController().signal;
  const pool = createPool(threads);
  const execute = executeOn(pool);
  const networks = model.members.map(({ description: { network }, tensors }) => {
    return { network, values: tensors.map(({ data }) => data) };
  });
  return {
    threads,
    forward: openForward(networks, pool, kernels, signal),
    execute: (...work) => untilAborted(execute(...work), signal, interrupted),
    close: () => pool.close(),
  };
}

function interrupted(): ParagradError {
  return new ParagradError('interrupted', 'interrupted', { kind: 'interrupted' });
}
