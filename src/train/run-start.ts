/** What a run was decided to be, before its first step: the config that is written down, and the start event. */
import { featureNames } from '../data/preprocess.js';
import type { ChosenKernels } from '../kernels/load.js';
import { type LossChoice, lossLabel } from '../nn/losses/choice.js';
import { specOf } from '../nn/network.js';
import type { StepPlan } from '../parallel/plan.js';
import type { WorkerChoice } from './choose-workers.js';
import { withoutMemory } from './data-options.js';
import { describeEnvironment } from './environment.js';
import type { StartEvent } from './events.js';
import { readHyperparameters } from './hyperparameters.js';
import { keepsTarget, readLossConstants } from './loss-constants.js';
import type { RunRows } from './rows.js';
import type { RunDirectory } from './run-directory.js';
import type { SettledConfig } from './settle.js';

export interface Decided {
  readonly rows: RunRows;
  readonly plan: StepPlan;
  readonly kernels: ChosenKernels;
  readonly workers: WorkerChoice;
  /** Of a member, at most. */
  readonly epochs: number;
  readonly steps: number;
}

/**
 * Writes config.json and environment.json.
 *
 * @param seed of the run
 * @returns the event that says what they hold, and more
 */
export async function writeStart(decided: Decided, seed: number, directory: RunDirectory): Promise<StartEvent> {
  const { rows, kernels } = decided;
  const config = writtenConfig(decided, seed);
  await directory.writeConfig(config);
  await directory.writeEnvironment(describeEnvironment(kernels, rows.input.order));
  return startEvent(decided, config, directory.path);
}

/** Every option with its value. */
function writtenConfig({ rows: { config, preprocessing }, plan }: Decided, seed: number): SettledConfig {
  const { loss } = plan;
  return {
    ...withoutMemory(config),
    ...readHyperparameters(config),
    ...readLossConstants(config, loss),
    ...(keepsTarget(loss) && { scaleTarget: 'none' as const }),
    task: preprocessing.target.task,
    loss: nameOfLoss(config, loss),
    batchSize: plan.batchSize,
    shards: plan.shards,
    seed,
  };
}

function startEvent(
  { rows, plan, kernels, workers, epochs, steps }: Decided,
  config: SettledConfig,
  runDir: string,
): StartEvent {
  const { preprocessing, trainRows, validationRows, storage } = rows;
  const { target } = preprocessing;
  return {
    type: 'start',
    data: rows.location,
    rows: { train: trainRows, validation: validationRows, keptIn: storage },
    target: target.name,
    task: target.task,
    ...(target.task !== 'regression' && { classes: target.classes }),
    inputs: featureNames(preprocessing),
    network: { ...specOf(plan.network), parameters: plan.network.trainable },
    members: config.members,
    loss: nameOfLoss(config, plan.loss),
    optimizer: plan.optimizer,
    batchSize: plan.batchSize,
    epochs,
    steps,
    kernels: { name: kernels.name, reason: kernels.reason },
    workers: { count: workers.workers, reason: workers.reason },
    shards: plan.shards,
    runDir,
    config,
  };
}

function nameOfLoss(config: SettledConfig, loss: LossChoice): string {
  return config.loss ?? lossLabel(loss);
}
