/** What a target can be, and which loss and how many outputs it takes. */
import { resolve } from 'node:path';
import type { Target } from '../data/preprocess.js';
import { ParagradError } from '../errors.js';
import { type CustomLoss, type LossChoice, outputsPerValue, targetsOf } from '../nn/losses/choice.js';
import { LOSSES, type LossName } from '../nn/losses/index.js';
import type { LossConstants, Task } from '../nn/losses/loss.js';
import { isLossFile } from '../nn/losses/module.js';

const DEFAULT_LOSS: Record<Task, LossName> = { regression: 'mse', binary: 'bce', multiclass: 'cross_entropy' };

export const TASKS = Object.keys(DEFAULT_LOSS) as Task[];

/**
 * The loss of a run: the one asked for, or the task's default. A user's module is as yet unseen (run-loss.ts opens it); for a
 * multiclass target it gets class indices.
 *
 * @param loss a name or the path of a module, as the config's schema has checked
 * @throws ParagradError `loss_task_mismatch` when the loss does not fit the task
 */
export function lossForTask(task: Task, loss: LossName | undefined): LossName;
export function lossForTask(task: Task, loss: string | undefined): LossChoice;
export function lossForTask(task: Task, loss: string | undefined): LossChoice {
  if (loss === undefined) return DEFAULT_LOSS[task];
  if (isLossFile(loss)) {
    const targets = task === 'multiclass' ? 'class' : 'values';
    return {
      file: resolve(loss),
      targets,
      batch: false,
      own: { loss: 'sum', gradient: 'sum' },
      penaltyGradient: false,
    };
  }
  if (!fits(loss, task)) {
    const fitting = (Object.keys(LOSSES) as LossName[]).filter((name) => fits(name, task));
    throw new ParagradError('loss_task_mismatch', `loss ${loss} does not fit a ${task} target`, {
      hint: `Use ${fitting.join(', ')}.`,
    });
  }
  return loss as LossName;
}

/** Outputs of the network: one per class where the loss compares classes, one per quantile where there are several, else one. */
export function outputsFor(
  loss: LossName | Pick<CustomLoss, 'targets'>,
  constants: LossConstants,
  target: Target,
): number {
  if (targetsOf(loss) === 'values') return outputsPerValue(loss, constants);
  return target.task === 'regression' ? 1 : target.classes.length;
}

function fits(loss: string, task: Task): boolean {
  return LOSSES[loss as LossName].tasks.includes(task);
}
