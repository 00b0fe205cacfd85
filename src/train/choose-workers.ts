/**
 * How many workers a run gets. With `auto`: one where a step is so short that meeting at barriers costs more than it saves
 * (measured on this machine, on the run's own first batch), else one per core, as far as there are shards for them.
 * No bit of the result depends on the choice, so it may depend on a clock.
 */
import { availableParallelism } from 'node:os';
import type { Dataset } from '../data/dataset.js';
import type { ChosenKernels } from '../kernels/load.js';
import { initialiseParameters } from '../nn/init.js';
import type { OpenLoss } from '../nn/losses/choice.js';
import { planNetwork } from '../nn/network.js';
import { createInlineStep } from '../parallel/inline.js';
import { planStep, type StepOptions } from '../parallel/plan.js';
import { createPermutation } from '../random/permutation.js';
import { PURPOSE } from '../random/philox.js';

/**
 * A step shorter than this stays on one worker. Meeting twice and fetching what the other wrote costs 3 to 7 us, so that two workers win
 * from 20 us on (measured: 1.8 times at 25, 1.6 at 58 us); but the shorter the step, the more is lost where cores are shared.
 */
const SHORT_STEP_MS = 0.04;
/** Multiplications of a step beyond which it is certainly not short: measuring is left out. */
const LONG_STEP_WORK = 2e7;
/** How long to measure: long enough for the optimising compilers to take over. */
const MEASURE_MS = 20;

export interface WorkerChoice {
  readonly workers: number;
  /** For people: why this many. */
  readonly reason: string;
  /** What a person who asked for this many should know; null for nothing. */
  readonly warning: string | null;
}

/** @param options of the plan, its workers left to this choice */
export function chooseWorkers(
  request: number | 'auto',
  options: Omit<StepOptions, 'workers'>,
  dataset: Dataset,
  kernels: ChosenKernels,
  opened?: OpenLoss,
): WorkerChoice {
  const cores = availableParallelism();
  if (request !== 'auto')
    return { workers: request, reason: 'as asked', warning: warningFor(request, options.shards, cores) };
  const most = Math.min(cores, options.shards);
  if (most === 1) {
    const reason = cores === 1 ? 'this machine has one core' : `a batch is one shard`;
    return { workers: 1, reason, warning: null };
  }
  const milliseconds = stepMilliseconds(options, dataset, kernels, opened);
  if (milliseconds !== null && milliseconds < SHORT_STEP_MS) {
    const reason = `a step takes ${(milliseconds * 1000).toFixed(0)} us, too short to share`;
    return { workers: 1, reason, warning: null };
  }
  const reason = most < cores ? `one per shard, of ${cores} cores` : 'one per core';
  return { workers: most, reason, warning: null };
}

function warningFor(workers: number, shards: number, cores: number): string | null {
  if (workers > shards) {
    const idle = workers - shards;
    return `${workers} workers share ${shards} ${shards === 1 ? 'shard' : 'shards'} of a batch: ${idle} of them compute no gradients (a larger --batch-size or --shards would employ them)`;
  }
  if (workers > cores)
    return `${workers} workers share ${cores} ${cores === 1 ? 'core' : 'cores'}: more than one per core is slower, not faster`;
  return null;
}

/** The shortest time of a step on one worker, or null where it is long for certain. Runs on a memory of its own. */
function stepMilliseconds(
  options: Omit<StepOptions, 'workers'>,
  dataset: Dataset,
  kernels: ChosenKernels,
  opened: OpenLoss | undefined,
): number | null {
  const { trainable } = planNetwork(options.network);
  if (trainable * options.batchSize > LONG_STEP_WORK) return null;
  const plan = planStep({ ...options, workers: 1 });
  const step = createInlineStep(plan, kernels, dataset, opened);
  initialiseParameters(plan.network, 0, step.parameters);
  const rows = Math.min(options.batchSize, dataset.rows);
  const batch = { order: createPermutation(dataset.rows, 0, PURPOSE.rowOrder, 0), start: 0, rows };
  let shortest = Number.POSITIVE_INFINITY;
  const end = performance.now() + MEASURE_MS;
  for (let now = performance.now(); now < end; ) {
    step.differentiate(batch);
    const after = performance.now();
    shortest = Math.min(shortest, after - now);
    now = after;
  }
  return shortest;
}
