/**
 * A number of workers that takes part in a measurement: threads and memory of its own, and runs that all start from the same
 * weights, so that equal steps must end in equal bits. (Threads of its own, since code that threads of several runs share
 * is compiled for none of them.)
 */
import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset.js';
import type { OrderPlan } from '../data/order.js';
import { ParagradError } from '../errors.js';
import { type ChosenKernels, instantiateKernels } from '../kernels/load.js';
import { PHASES, type Phase } from '../memory/control.js';
import { MAX_SEGMENT_STEPS } from '../memory/layout.js';
import { initialiseParameters } from '../nn/init.js';
import type { StepPlan } from '../parallel/plan.js';
import { createPool } from '../parallel/pool.js';
import {
  fastestStep,
  openSession,
  parameterView,
  phaseSeconds,
  restoreSnapshot,
  runSegment,
  takeSnapshot,
  writeParameters,
} from '../parallel/session.js';
import { interrupted } from '../train/epochs.js';

/** Who runs, and on what. */
export interface ContenderRequest {
  readonly plan: StepPlan;
  readonly kernels: ChosenKernels;
  readonly dataset: Dataset;
  readonly order: OrderPlan;
  readonly seed: number;
  /** W0, b0, W1 … to start from; null: drawn from the seed. */
  readonly initial: readonly Float32Array[] | null;
  readonly signal: AbortSignal | undefined;
}

/** One timed run. */
export interface Run {
  /** Wall-clock time of a step. */
  readonly secondsPerStep: number;
  /** The fastest step's. */
  readonly fastest: number;
  /** Per step, the mean over the workers. */
  readonly phases: Readonly<Record<Phase, number>>;
  /** SHA-256 of the weights and the optimiser state that it ended with. */
  readonly digest: string;
}

export interface Contender {
  readonly workers: number;
  readonly plan: StepPlan;
  /** Full batches of an epoch, the most steps of a segment. */
  readonly batches: number;
  /**
   * Trains from the start: `segments` epochs of `batches` steps each.
   *
   * @throws ParagradError `diverged`, `interrupted`, `worker_failed`
   */
  run(segments: number, batches: number): Promise<Run>;
  /** Seconds to add one gradient to another, on this thread. */
  addSeconds(): number;
  close(): Promise<void>;
}

const ADD_MS = 10;

export function createContender(request: ContenderRequest): Contender {
  const { plan, kernels, dataset, order, seed, initial, signal } = request;
  const { workers, layout, network } = plan;
  const pool = createPool(workers);
  const session = openSession(plan, pool, kernels);
  if (initial === null) {
    initialiseParameters(network, seed, parameterView(session));
  } else writeParameters(session, initial);
  const start = takeSnapshot(session);
  let segment = 0;

  function digest(): string {
    const { parameters, slots } = takeSnapshot(session);
    const hash = createHash('sha256').update(parameters);
    for (const slot of slots) hash.update(slot);
    return hash.digest('hex');
  }

  return {
    workers,
    plan,
    batches: Math.min(MAX_SEGMENT_STEPS, Math.floor(order.rows / plan.batchSize)),
    async run(segments, batches) {
      restoreSnapshot(session, start);
      const before = phaseSeconds(session);
      const startedAt = performance.now();
      let fastest = Number.POSITIVE_INFINITY;
      let updates = 0;
      for (let epoch = 0; epoch < segments; epoch++) {
        const epochOrder = { plan: order, seed, epoch, ring: null };
        const asked = { segment: segment++, order: epochOrder, firstBatch: 0, batches, updates };
        const outcome = await runSegment(session, dataset, asked, signal);
        if (outcome.status === 'stopped') throw interrupted();
        if (outcome.status === 'diverged') throw diverged(updates + outcome.steps + 1, plan.hyper.learningRate);
        updates += outcome.steps - outcome.skipped;
        fastest = Math.min(fastest, fastestStep(session));
      }
      const steps = segments * batches;
      const secondsPerStep = (performance.now() - startedAt) / 1000 / steps;
      const after = phaseSeconds(session);
      const phases = Object.fromEntries(
        PHASES.map((phase) => [phase, (after[phase] - before[phase]) / workers / steps]),
      ) as Record<Phase, number>;
      return { secondsPerStep, fastest, phases, digest: digest() };
    },
    addSeconds() {
      const { add } = instantiateKernels(kernels, session.setup.memory);
      const [gradient] = layout.workers[0].gradients;
      let shortest = Number.POSITIVE_INFINITY;
      const end = performance.now() + ADD_MS;
      for (let now = performance.now(); now < end; ) {
        add(gradient, layout.parameters, network.parameters);
        const after = performance.now();
        shortest = Math.min(shortest, after - now);
        now = after;
      }
      return shortest / 1000;
    },
    close: () => pool.close(),
  };
}

function diverged(step: number, learningRate: number): ParagradError {
  return new ParagradError('diverged', `the loss of step ${step} is not finite, so there is nothing to time`, {
    kind: 'diverged',
    hint: `Lower --learning-rate (it is ${learningRate}).`,
  });
}
