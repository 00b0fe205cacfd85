/**
 * The training of one network, from the rows to the weights that are kept: by itself the whole run, or a member of an ensemble.
 * It decides nothing about arithmetic; that lies below it.
 */
import { basename } from 'node:path';
import { featureNames } from '../data/preprocess.js';
import type { Execute } from '../data/tasks.js';
import { ParagradError } from '../errors.js';
import type { ChosenKernels } from '../kernels/load.js';
import { type LossChoice, lossLabel } from '../nn/losses/choice.js';
import type { Task } from '../nn/losses/loss.js';
import { specOf } from '../nn/network.js';
import { planStep, type StepPlan } from '../parallel/plan.js';
import type { Pool } from '../parallel/pool.js';
import { openSession, phaseSeconds, readParameters, type Session } from '../parallel/session.js';
import { chooseWorkers, type WorkerChoice } from './choose-workers.js';
import { weightsOfClasses } from './class-weights.js';
import { initialFile } from './config/network.js';
import { paragradVersion } from './environment.js';
import { type EpochsOutcome, interrupted, runEpochs, type Schedule } from './epochs.js';
import type { DoneEvent, ProgressEvent } from './events.js';
import { readHeldOut } from './held-out.js';
import { setInitialWeights } from './initial-weights.js';
import { checkLossConstants, lossConstantsOf, readLossConstants } from './loss-constants.js';
import type { Metrics } from './metrics.js';
import { readInitialWeights } from './model.js';
import { type MemberDescription, MODEL_FORMAT, type ModelDescription } from './model-description.js';
import type { RunRows } from './rows.js';
import type { RunDirectory } from './run-directory.js';
import { openRunLoss } from './run-loss.js';
import type { Decided } from './run-start.js';
import { type HeldOutOutputs, readOutputs, scoreOutputs } from './score.js';
import { stepOptions } from './step-options.js';
import { lossForTask, outputsFor } from './task.js';
import { fitTemperature } from './temperature.js';
import { untilAborted } from './until-aborted.js';

/** What all members of a run share. */
export interface RunContext {
  readonly signal: AbortSignal;
  readonly emit: (event: ProgressEvent) => void;
  readonly directory: RunDirectory;
  readonly kernels: ChosenKernels;
  readonly pool: Pool;
  readonly execute: Execute;
}

export interface PreparedMember extends Decided {
  readonly schedule: Schedule;
}

export interface TrainedMember {
  readonly description: MemberDescription;
  /** The contents of W0, b0, W1 … without padding. */
  readonly values: readonly Float32Array[];
  readonly plan: StepPlan;
  readonly outcome: EpochsOutcome;
  /** What it says of the held-out rows; null where there are none, or nobody asked. */
  readonly heldOut: HeldOutOutputs | null;
  readonly seconds: DoneEvent['throughput']['seconds'];
  /** Bytes of the rows that it held in memory at once. */
  readonly rowBytes: number;
}

/**
 * Plans the steps, and sets the initial weights.
 *
 * @param index of the member, counted from 0
 */
export async function prepareMember(context: RunContext, rows: RunRows, index: number): Promise<PreparedMember> {
  const { kernels, pool, emit } = context;
  const { config, input, preprocessing, trainRows, validationRows } = rows;
  const { target } = preprocessing;
  const loss = lossForTask(target.task, config.loss);
  checkLossConstants(config, loss);
  checkTemperature(config, target.task);
  checkCompanion(config, loss);
  const outputs = outputsFor(loss, lossConstantsOf(config), target);
  const options = stepOptions(config, input.dataset.layout, { loss, outputs }, trainRows);
  if (config.classWeights !== undefined) {
    options.classWeights = weightsOfClasses(config.classWeights, target, rows.classCounts);
  }
  await input.train(0, 0, 1); // the first rows are there
  const { opened, ...run } = await openRunLoss(loss, config, target.task, options.network, input.dataset);
  for (const finding of run.findings) emit({ type: 'finding', ...finding });
  options.loss = run.loss;
  const file = initialFile(config.init);
  const initial =
    file === null ? null : await readInitialWeights(file, options.network, featureNames(preprocessing), index);
  const workers: WorkerChoice = chooseWorkers(config.workers, options, input.dataset, kernels, opened);
  if (workers.warning !== null) emit({ type: 'warning', code: 'workers', message: workers.warning });

  const plan = planStep({ ...options, workers: workers.workers });
  const session = openSession(plan, pool, kernels);
  await setInitialWeights(session, config, initial, input);
  const stepsPerEpoch = Math.ceil(trainRows / plan.batchSize);
  const steps = Math.min(config.epochs * stepsPerEpoch, config.steps ?? Number.POSITIVE_INFINITY);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  const keeping = { restore: config.restore, patience: config.patience ?? null };
  const length = { epochs, stepsPerEpoch, steps };
  const watching = { onDivergence: config.onDivergence, monitored: config.monitors === 'on' };
  const schedule = { session, input, target, trainRows, validationRows, ...length, keeping, ...watching };
  return { rows, plan, kernels, workers, epochs, steps, schedule };
}

/**
 * Runs the epochs, and describes what came of them.
 *
 * @param keepsOutputs whether what the network says of the held-out rows is wanted
 * @throws ParagradError `interrupted`, `worker_failed`, `no_weight`; a divergence is told in the outcome
 */
export async function trainMember(
  context: RunContext,
  { rows, plan, schedule }: PreparedMember,
  keepsOutputs: boolean,
): Promise<TrainedMember> {
  const { directory, signal, emit } = context;
  const outcome = await runEpochs(schedule, directory, signal, emit);
  if (outcome.skippedBatches > 0) {
    const message = `${outcome.skippedBatches} batches were skipped: all their rows have weight 0`;
    emit({ type: 'warning', code: 'skipped_batches', message });
  }
  const calibrated = await calibrate(context, rows, schedule, outcome, keepsOutputs);
  const { preprocessing, trainRows, validationRows, config } = rows;
  return {
    description: {
      network: specOf(plan.network),
      preprocessing,
      temperature: calibrated.temperature,
      share: 1,
      seed: config.seed,
      rows: { train: trainRows, validation: validationRows },
      steps: outcome.steps,
      validation: calibrated.validation,
    },
    values: readParameters(schedule.session),
    plan,
    outcome,
    heldOut: calibrated.heldOut,
    seconds: meanSeconds(schedule.session, outcome),
    rowBytes: rows.input.dataset.pieces.reduce((sum, piece) => sum + piece.byteLength, 0),
  };
}

/** The model that members of one plan make together. */
export function describeModel(members: readonly TrainedMember[], kernels: ChosenKernels): ModelDescription {
  const [{ plan, description }] = members;
  const { loss, lossConstants } = plan;
  return {
    formatVersion: MODEL_FORMAT,
    paragradVersion: paragradVersion(),
    task: description.preprocessing.target.task,
    loss: typeof loss === 'string' ? loss : { file: basename(loss.file), targets: loss.targets },
    lossConstants: readLossConstants(lossConstants, loss),
    arithmetic: kernels.arithmetic,
    members: members.map((member) => member.description),
  };
}

/** @throws ParagradError `unread_option` where there are no probabilities */
function checkTemperature({ temperature }: RunRows['config'], task: Task): void {
  if (temperature === 'none' || task !== 'regression') return;
  throw new ParagradError('unread_option', 'temperature has no effect on a regression', {
    hint: 'Leave it out, or say --task multiclass where the target is a class.',
  });
}

/** The losses whose mixtures companion.ts can judge: squared errors and log losses. */
const MIXED: readonly LossChoice[] = ['mse', 'half_mse', 'bce', 'cross_entropy'];

/** @throws ParagradError `unread_option` */
function checkCompanion({ companion }: RunRows['config'], loss: LossChoice): void {
  if (companion === 'none' || MIXED.includes(loss)) return;
  throw new ParagradError('unread_option', `a companion cannot be mixed in by loss ${lossLabel(loss)}`, {
    hint: `Leave the companion out, or choose one of the losses ${MIXED.join(', ')}.`,
  });
}

interface Calibrated {
  readonly temperature: number;
  /** By the weights that were kept, and the temperature. */
  readonly validation: Metrics | null;
  readonly heldOut: HeldOutOutputs | null;
}

/** Fits the temperature on the held-out rows, by the weights that were kept; 1 where none is asked for. */
async function calibrate(
  { signal }: RunContext,
  { config, preprocessing: { target } }: RunRows,
  { session, input, stepsPerEpoch }: Schedule,
  { validation, stepsTaken }: EpochsOutcome,
  keepsOutputs: boolean,
): Promise<Calibrated> {
  const asTrained = { temperature: 1, validation: validation?.metrics ?? null, heldOut: null };
  const fits = config.temperature === 'fit';
  if (!(fits || keepsOutputs) || validation === undefined) return asTrained;
  const afterAll = Math.ceil(stepsTaken / stepsPerEpoch);
  const { logits, truth } = await untilAborted(readHeldOut(session, input, afterAll, target), signal, interrupted);
  const { sizes } = session.plan.network;
  const width = sizes[sizes.length - 1];
  const temperature = fits ? fitTemperature(logits, width, truth) : 1;
  const outputs = readOutputs(logits, target, session.plan, temperature);
  const metrics = scoreOutputs(outputs, width, target, session.plan, truth);
  return { temperature, validation: metrics, heldOut: keepsOutputs ? { outputs, truth } : null };
}

function meanSeconds(session: Session<StepPlan>, outcome: EpochsOutcome): DoneEvent['throughput']['seconds'] {
  const seconds = phaseSeconds(session);
  const { workers } = session.plan;
  return {
    gather: seconds.gather / workers,
    forward: seconds.forward / workers,
    backward: seconds.backward / workers,
    reduce: seconds.reduce / workers,
    update: seconds.update / workers,
    wait: seconds.wait / workers,
    input: outcome.waited,
  };
}
