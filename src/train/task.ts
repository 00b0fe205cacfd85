/** What a target can be, and which loss and how many outputs it takes. */
import { ParagradError } from '../errors.js';
import { LOSSES, type LossName } from '../nn/losses/index.js';
import type { Task } from '../nn/losses/loss.js';

const DEFAULT_LOSS: Record<Task, LossName> = { regression: 'mse', binary: 'bce', multiclass: 'cross_entropy' };

export const TASKS = Object.keys(DEFAULT_LOSS) as Task[];

/**
 * The loss of a run: the one asked for, or the task's default.
 *
 * @throws ParagradError `loss_task_mismatch` when the loss does not fit the task
 */
export function lossForTask(task: Task, loss: LossName | undefined): LossName {
  if (loss === undefined) return DEFAULT_LOSS[task];
  if (!fits(loss, task)) {
    const fitting = (Object.keys(LOSSES) as LossName[]).filter((name) => fits(name, task));
    throw new ParagradError('loss_task_mismatch', `loss ${loss} does not fit a ${task} target`, {
      hint: `Use ${fitting.join(', ')}.`,
    });
  }
  return loss;
}

/** Outputs of the network: one per class where the loss compares classes, else one. */
export function outputsFor(loss: LossName, classes: number): number {
  return LOSSES[loss].targets === 'class' ? classes : 1;
}

function fits(loss: LossName, task: Task): boolean {
  return LOSSES[loss].tasks.includes(task);
}
