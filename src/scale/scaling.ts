/**
 * Measures how a training speeds up with workers, and says how it would with more than this machine has: opens the table,
 * times the runs, fits the laws, and asks the model of a step. Nothing is kept of the training.
 *
 * Strong scaling is the same batch on more workers; weak scaling is a batch that grows with them.
 */
import { availableParallelism } from 'node:os';
import { openTable } from '../data/open.js';
import { ParagradError } from '../errors.js';
import { chooseKernels } from '../kernels/load.js';
import { CHUNK } from '../memory/layout.js';
import { BLOCK_ROWS, planStep, type StepOptions } from '../parallel/plan.js';
import { defaultShards, shardRows } from '../parallel/tree.js';
import { resolveConfig, type TrainConfig } from '../train/config.js';
import { loadRun } from '../train/loaded-run.js';
import { openRunLoss } from '../train/run-loss.js';
import { type Contender, createContender } from './contender.js';
import { checkBits, type MeasureOptions, measure } from './measure.js';
import { makeReport, type ScalingReport } from './report.js';
import type { StepShape } from './step-model.js';

export type ScalingMode = 'strong' | 'weak';

export interface ScalingOptions {
  /** Numbers of workers; 1 is added. Default: powers of two up to the number of cores, and that. */
  readonly workers?: readonly number[];
  readonly mode?: ScalingMode;
  /** The most workers to project to; default 128. */
  readonly projectTo?: number;
  /** Timed runs of each number of workers; default 7. */
  readonly rounds?: number;
  readonly signal?: AbortSignal;
  readonly onRound?: ((round: number) => void) | undefined;
}

/** Steps of a weak run that one worker repeats, to compare bits: it takes as many times as long as there are workers. */
const CHECK_STEPS = 4;
const ROUNDS = 7;
const PROJECT_TO = 128;

/**
 * Measures the scaling of a training.
 *
 * @param config as for `train`; how many epochs, and what is kept, is not read
 * @param timing shorter times, for tests
 * @throws ParagradError as `train` does before its first step; `too_few_rows` when a weak batch exceeds the table;
 *   `bits_differ`; `diverged`
 *
 * @example
 * const { points, advice } = await measureScaling({ data: 'houses.parquet', target: 'price' }, { workers: [1, 2] });
 */
export async function measureScaling(
  config: TrainConfig,
  options: ScalingOptions = {},
  timing: Pick<MeasureOptions, 'warmUpMs' | 'runMs'> = {},
): Promise<ScalingReport> {
  const { mode = 'strong', rounds = ROUNDS, projectTo = PROJECT_TO, signal, onRound } = options;
  const cores = availableParallelism();
  const counts = [...new Set([1, ...(options.workers ?? powersOfTwo(cores))])].toSorted((a, b) => a - b);
  const { steps, trainRows, shards, ...shared } = await openRun(config, signal);
  const { batchSize } = steps;
  const planFor = (workers: number, rows: number) =>
    planStep({ ...steps, batchSize: rows, shards: shards(rows), batchRows: [rows], workers });
  const rowsFor = (workers: number): number => (mode === 'weak' ? batchSize * workers : batchSize);
  const most = counts[counts.length - 1];
  if (rowsFor(most) > trainRows) throw tooFewRows(most, rowsFor(most), trainRows);

  const contenders: Contender[] = [];
  const open = (workers: number, rows: number): Contender => {
    const contender = createContender({ ...shared, plan: planFor(workers, rows), signal });
    contenders.push(contender);
    return contender;
  };
  try {
    const measured = counts.map((workers) => open(workers, rowsFor(workers)));
    if (mode === 'weak') {
      for (const contender of measured.slice(1)) {
        const reference = open(1, contender.plan.batchSize);
        const batches = Math.min(CHECK_STEPS, contender.batches);
        checkBits(await contender.run(1, batches), await reference.run(1, batches), contender.workers);
        await reference.close();
      }
    }
    const timings = await measure(measured, { rounds, sameSteps: mode === 'strong', onRound, ...timing });
    const shapeOf = (rows: number): StepShape => {
      const { shards: parts, network, clipNorm } = planFor(1, rows);
      const fused = shardRows(rows, parts) <= BLOCK_ROWS;
      const chunks = Math.ceil(network.parameters / CHUNK);
      return { batchSize: rows, shards: parts, fused, chunks, meetings: clipNorm === null ? 2 : 3 };
    };
    const [{ plan }] = measured;
    return makeReport({
      mode,
      network: plan.network,
      kernels: shared.kernels.name,
      cores,
      trainRows,
      projectTo,
      contenders: measured,
      timings,
      addSeconds: measured[0].addSeconds(),
      shapeOf,
      rowsFor,
    });
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}

/** 1, 2, 4 … up to `most`, and that. */
export function powersOfTwo(most: number): number[] {
  const powers: number[] = [];
  for (let n = 1; n < most; n *= 2) powers.push(n);
  return [...powers, most];
}

/** The table and what a training on it would do. */
async function openRun(config: TrainConfig, signal: AbortSignal | undefined) {
  const resolved = resolveConfig(config);
  const table = await openTable(resolved, { signal });
  try {
    const { config: settled, loaded, loss, options, order, initial } = await loadRun(resolved, table, signal);
    const { dataset, preprocessing, trainRows } = loaded;
    const opened = await openRunLoss(loss, settled, preprocessing.target.task, options.network, dataset);
    const steps: Omit<StepOptions, 'workers'> = { ...options, loss: opened.loss };
    return {
      steps,
      trainRows,
      shards: (rows: number): number => settled.shards ?? defaultShards(rows),
      dataset,
      order,
      seed: settled.seed,
      // Calibrated weights take the same time a step as any others.
      initial,
      kernels: chooseKernels(settled.kernels),
    };
  } finally {
    await table.close();
  }
}

function tooFewRows(workers: number, rows: number, trainRows: number): ParagradError {
  return new ParagradError(
    'too_few_rows',
    `weak scaling to ${workers} workers needs a batch of ${rows} rows, and the table has ${trainRows} to train on`,
    { hint: 'Lower --batch-size or the number of --workers.' },
  );
}
