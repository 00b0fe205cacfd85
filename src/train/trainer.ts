/**
 * The trainer: from a resolved config to a run directory. Reads the table, plans memory and workers, runs the epochs, scores,
 * writes the model. It decides nothing about arithmetic; that lies below it.
 *
 * Whatever ends it (done, diverged, interrupted, a dead worker): when its promise settles, the threads are gone and no
 * half-written file is left.
 */
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { loadForModel } from '../data/load.js';
import { openTable, type TableRequest } from '../data/open.js';
import { featureNames } from '../data/preprocess.js';
import type { Table } from '../data/table.js';
import type { Execute } from '../data/tasks.js';
import { ParagradError } from '../errors.js';
import { type ChosenKernels, chooseKernels } from '../kernels/load.js';
import { ACTIVATIONS } from '../nn/activations/index.js';
import { initialiseParameters } from '../nn/init.js';
import { lossLabel } from '../nn/losses/choice.js';
import { planNetwork } from '../nn/network.js';
import { executeOn } from '../parallel/execute.js';
import { planStep, type StepPlan } from '../parallel/plan.js';
import { createPool, type Pool } from '../parallel/pool.js';
import {
  forwardRows,
  openSession,
  parameterView,
  phaseSeconds,
  readParameters,
  type Session,
  writeParameters,
} from '../parallel/session.js';
import { chooseWorkers, type WorkerChoice } from './choose-workers.js';
import type { ResolvedConfig } from './config.js';
import { defaultRunName, withoutMemory } from './data-options.js';
import { divergedError } from './divergence.js';
import { describeEnvironment, paragradVersion } from './environment.js';
import { type EpochsOutcome, interrupted, runEpochs, type Schedule } from './epochs.js';
import type { DoneEvent, TrainEvent } from './events.js';
import { readHyperparameters } from './hyperparameters.js';
import { checkLossConstants, keepsTarget, readLossConstants } from './loss-constants.js';
import { duckdbBytes, memoryLimit } from './memory-plan.js';
import type { Metrics } from './metrics.js';
import { MODEL_FORMAT, readInitialWeights, saveModel } from './model.js';
import { type RowSizes, type RunRows, readRows } from './rows.js';
import { createRunDirectory, type RunDirectory } from './run-directory.js';
import { openRunLoss } from './run-loss.js';
import { weightsSha256 } from './safetensors.js';
import { readTruth, scoreOutputs } from './score.js';
import type { SettledConfig } from './settle.js';
import { stepOptions } from './step-options.js';
import { lossForTask, outputsFor } from './task.js';
import { untilAborted } from './until-aborted.js';

type Emit = (event: TrainEvent) => void;

/** What a run holds open. */
interface Resources {
  readonly config: ResolvedConfig;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly directory: RunDirectory;
  readonly kernels: ChosenKernels;
  readonly pool: Pool;
  readonly execute: Execute;
  /** Opens a table that is closed when the run ends. */
  readonly open: (request: TableRequest) => Promise<Table>;
}

/**
 * Runs a training. `emit` gets every event, `done` last; the promise settles when all is cleaned up.
 *
 * @param sizes for tests
 */
export async function runTraining(
  config: ResolvedConfig,
  signal: AbortSignal,
  emit: Emit,
  sizes?: RowSizes,
): Promise<DoneEvent> {
  const startedAt = performance.now();
  const threads = config.workers === 'auto' ? availableParallelism() : config.workers;
  const tableCount = 1 + [config.validation, config.test].filter((of) => typeof of === 'string').length;
  const memoryBytes = duckdbBytes(memoryLimit(config.memoryLimit), tableCount);
  const directory = await createRunDirectory(config.runsDir, config.name ?? defaultRunName(config));
  const tables: Table[] = [];
  /** Closed when no thread can use them any more, the last one first. */
  const atEnd: { close(): Promise<void> }[] = [];
  let pool: Pool | null = null;
  let keep = false;
  try {
    const kernels = chooseKernels(config.kernels);
    pool = createPool(threads);
    const execute = executeOn(pool);
    const resources: Resources = {
      config,
      signal,
      emit,
      directory,
      kernels,
      pool,
      execute: (task, payloads) => untilAborted(execute(task, payloads), signal, interrupted),
      open: async (request) => {
        const table = await openTable(request, { threads, memoryBytes, signal });
        tables.push(table);
        return table;
      },
    };
    const rows = await readRows({
      ...resources,
      threads,
      folder: directory.path,
      closeAtEnd: (resource) => void atEnd.push(resource),
      sizes,
    });
    const { schedule, workers } = await prepare(resources, rows);
    const outcome = await runEpochs(schedule, directory, signal, emit);
    if (outcome.divergence !== null) {
      keep = true;
      if (outcome.steps > 0) await save(resources, rows, schedule, outcome);
      throw divergedError(outcome.divergence, keptWeights(outcome, directory.modelPath), directory.path);
    }
    if (outcome.skippedBatches > 0) {
      const message = `${outcome.skippedBatches} batches were skipped: all their rows have weight 0`;
      emit({ type: 'warning', code: 'skipped_batches', message });
    }
    await save(resources, rows, schedule, outcome);
    const test = await scoreTest(resources, rows, schedule.session).catch((error: unknown) => {
      // What is wrong with a value of the test table is no reason to lose the training.
      keep = error instanceof ParagradError && error.kind === 'input';
      throw keep ? scoringFailed(error as ParagradError, directory.modelPath) : error;
    });
    const done: DoneEvent = {
      type: 'done',
      runDir: directory.path,
      model: directory.modelPath,
      weightsSha256: await weightsSha256(directory.modelPath),
      steps: outcome.stepsTaken,
      epoch: outcome.epochs,
      metrics: { ...(outcome.validation && { validation: outcome.validation.metrics }), ...(test && { test }) },
      throughput: throughput(schedule.session, outcome),
      kernels: kernels.name,
      workers: workers.workers,
      shards: schedule.session.plan.shards,
      seconds: (performance.now() - startedAt) / 1000,
    };
    if (signal.aborted) throw interrupted();
    keep = true;
    emit(done);
    return done;
  } finally {
    await Promise.allSettled([...tables.map((table) => table.close()), pool?.close()]);
    for (const resource of atEnd.reverse()) await resource.close().catch(() => undefined);
    if (!keep) await directory.discard();
  }
}

/** Plans the run, sets the initial weights, and says what was decided. */
async function prepare(resources: Resources, rows: RunRows): Promise<{ schedule: Schedule; workers: WorkerChoice }> {
  const { kernels, pool, directory, emit } = resources;
  const { config, input, preprocessing, trainRows, validationRows, storage } = rows;
  const { target } = preprocessing;
  const loss = lossForTask(target.task, config.loss);
  checkLossConstants(config, loss);
  const outputs = outputsFor(loss, target.task === 'regression' ? 1 : target.classes.length);
  const options = stepOptions(config, input.dataset.layout, { loss, outputs }, trainRows);
  const { batchSize, shards } = options;
  await input.train(0, 0, 1); // the first rows are there
  const { opened, ...run } = await openRunLoss(loss, config, target.task, options.sizes, input.dataset);
  for (const finding of run.findings) emit({ type: 'finding', ...finding });
  options.loss = run.loss;
  const initial = config.init === undefined ? null : await readInitialWeights(config.init, options.sizes);
  const workers = chooseWorkers(config.workers, options, input.dataset, kernels, opened);
  if (workers.warning !== null) emit({ type: 'warning', code: 'workers', message: workers.warning });

  const plan = planStep({ ...options, workers: workers.workers });
  const session = openSession(plan, pool, kernels);
  if (initial === null) {
    initialiseParameters(plan.network, ACTIVATIONS[plan.activation], config.seed, parameterView(session));
  } else {
    writeParameters(session, initial);
  }
  const stepsPerEpoch = Math.ceil(trainRows / batchSize);
  const steps = Math.min(config.epochs * stepsPerEpoch, config.steps ?? Number.POSITIVE_INFINITY);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  const written: SettledConfig = {
    ...withoutMemory(config),
    ...readHyperparameters(config),
    ...readLossConstants(config, loss),
    ...(keepsTarget(loss) && { scaleTarget: 'none' as const }),
    task: target.task,
    loss: config.loss ?? lossLabel(loss),
    batchSize,
    shards,
  };
  await directory.writeConfig(written);
  await directory.writeEnvironment(describeEnvironment(kernels, input.order));
  emit({
    type: 'start',
    data: rows.location,
    rows: { train: trainRows, validation: validationRows, keptIn: storage },
    target: target.name,
    task: target.task,
    ...(target.task !== 'regression' && { classes: target.classes }),
    inputs: featureNames(preprocessing),
    network: { sizes: options.sizes, activation: plan.activation, parameters: planNetwork(options.sizes).trainable },
    loss: config.loss ?? lossLabel(loss),
    optimizer: plan.optimizer,
    batchSize,
    epochs,
    steps,
    kernels: { name: kernels.name, reason: kernels.reason },
    workers: { count: workers.workers, reason: workers.reason },
    shards: plan.shards,
    runDir: directory.path,
    config: written,
  });
  return {
    schedule: {
      session,
      input,
      target,
      trainRows,
      validationRows,
      epochs,
      stepsPerEpoch,
      steps,
      keeping: { restore: config.restore, patience: config.patience ?? null },
      onDivergence: config.onDivergence,
      monitored: config.monitors === 'on',
    },
    workers,
  };
}

/** Of a run that diverged: what is left of it. */
function keptWeights({ steps, epochs, validation }: EpochsOutcome, model: string): string {
  if (steps === 0) return 'nothing was learned before it, so no model is kept';
  return `the weights of ${validation === undefined ? `step ${steps}` : `epoch ${epochs}`} are kept in ${model}`;
}

/** Scores the test table, if one was named, with the weights as they are. */
async function scoreTest(
  { config: { dropMissingTarget }, execute, signal }: Resources,
  { preprocessing, test: table }: RunRows,
  session: Session<StepPlan>,
): Promise<Metrics | undefined> {
  if (table === null) return undefined;
  const dataset = await loadForModel({ table, preprocessing, withTarget: true, dropMissingTarget, execute, signal });
  const { logits } = await untilAborted(forwardRows(session, dataset, 0, dataset.rows), signal, interrupted);
  const { sizes } = session.plan.network;
  const truth = readTruth(dataset, preprocessing.target, 0, dataset.rows);
  return scoreOutputs(logits, sizes[sizes.length - 1], preprocessing.target, session.plan, truth);
}

function scoringFailed({ code, message, hint }: ParagradError, model: string): ParagradError {
  const kept = `The model is kept in ${model}.`;
  return new ParagradError(code, message, { hint: hint === undefined ? kept : `${hint} ${kept}` });
}

async function save(
  { config, kernels, directory }: Resources,
  { preprocessing, trainRows, validationRows }: RunRows,
  { session }: Schedule,
  outcome: EpochsOutcome,
): Promise<void> {
  const { plan } = session;
  await saveModel(
    directory.modelPath,
    {
      formatVersion: MODEL_FORMAT,
      paragradVersion: paragradVersion(),
      network: { sizes: [...plan.network.sizes], activation: plan.activation },
      task: preprocessing.target.task,
      loss: typeof plan.loss === 'string' ? plan.loss : { file: basename(plan.loss.file), targets: plan.loss.targets },
      lossConstants: readLossConstants(plan.lossConstants, plan.loss),
      preprocessing,
      seed: config.seed,
      arithmetic: kernels.arithmetic,
      rows: { train: trainRows, validation: validationRows },
      steps: outcome.steps,
      validation: outcome.validation?.metrics ?? null,
    },
    readParameters(session),
  );
}

function throughput(session: Session<StepPlan>, outcome: EpochsOutcome): DoneEvent['throughput'] {
  const seconds = phaseSeconds(session);
  const { workers } = session.plan;
  return {
    rowsPerSecond: outcome.rows / outcome.seconds,
    stepsPerSecond: outcome.stepsTaken / outcome.seconds,
    seconds: {
      gather: seconds.gather / workers,
      forward: seconds.forward / workers,
      backward: seconds.backward / workers,
      reduce: seconds.reduce / workers,
      update: seconds.update / workers,
      wait: seconds.wait / workers,
      input: outcome.waited,
    },
  };
}
