/**
 * When a run has diverged: the loss of a step is not finite, or the weights that an epoch ends with are of no use, because
 * they are not finite themselves, or give a loss that is not, or a loss that has run away. Either way the run is put back to the last epoch that was sound.
 */
import { ParagradError } from '../errors.js';

/** A mean loss so many times the first one does not come back. */
const RUNAWAY = 1e6;

export interface Divergence {
  /** What is not finite, where, e.g. `the loss of step 18 (epoch 18) is Infinity`. */
  readonly what: string;
  /** Losses of the steps just before, oldest first. */
  readonly before: readonly number[];
}

/**
 * What is wrong with the weights that an epoch ended with; null for nothing.
 *
 * @param parameters with or without padding
 * @param loss mean over some rows, by these weights
 * @param firstLoss mean over the rows of the first step
 * @param where e.g. `step 18 (epoch 18)`
 */
export function findFault(parameters: Float32Array, loss: number, firstLoss: number, where: string): string | null {
  if (!Number.isFinite(loss)) return `the loss after ${where} is ${loss}`;
  if (loss > RUNAWAY * firstLoss) {
    return `the loss after ${where} is ${loss.toPrecision(4)}, ${(loss / firstLoss).toPrecision(2)} times the first`;
  }
  // One sum tells: of finite values it is finite in float64, and nothing takes a NaN or an infinity away again.
  let sum = 0;
  for (let i = 0; i < parameters.length; i++) sum += parameters[i];
  return Number.isFinite(sum) ? null : `the weights after ${where} are no longer finite`;
}

/**
 * @param epochs whole epochs behind the weights that the run was put back to
 * @param model where they were written; null when there are none
 */
export function divergedError(
  { what, before }: Divergence,
  epochs: number,
  model: string | null,
  learningRate: number,
): ParagradError {
  const earlier = before.length > 0 ? ` (before: ${before.map((value) => value.toPrecision(4)).join(', ')})` : '';
  const kept =
    model === null
      ? 'no epoch was completed, so nothing was kept'
      : `the weights of epoch ${epochs} are kept in ${model}`;
  return new ParagradError('diverged', `training diverged: ${what}${earlier}; ${kept}`, {
    kind: 'diverged',
    hint: `Lower --learning-rate (it is ${learningRate}) or bound the gradient with --clip-norm; paragrad doctor with the same options names the cause.`,
  });
}
