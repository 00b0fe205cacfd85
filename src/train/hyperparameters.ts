/**
 * The constants of an optimizer as a run or a lab names them: those that the optimizer reads, at its own defaults where
 * nothing else was asked for. A constant that it does not read would look as if it had an effect: it is refused.
 */
import { ParagradError } from '../errors.js';
import { OPTIMIZERS, type OptimizerName } from '../nn/optimizers/index.js';
import type { Hyperparameters } from '../nn/optimizers/optimizer.js';
import type { NameOf } from './options.js';

type HyperparameterName = keyof Hyperparameters;

export const HYPERPARAMETER_NAMES = Object.keys(OPTIMIZERS.sgd.defaults) as readonly HyperparameterName[];

/** An optimizer, and what was said of its constants. */
export interface OptimizerChoice extends Partial<Record<HyperparameterName, number | undefined>> {
  readonly optimizer: OptimizerName;
}

/** All constants: the optimizer's own defaults where the choice names none. */
export function hyperparametersOf(choice: OptimizerChoice): Hyperparameters {
  const { defaults } = OPTIMIZERS[choice.optimizer];
  return {
    learningRate: choice.learningRate ?? defaults.learningRate,
    weightDecay: choice.weightDecay ?? defaults.weightDecay,
    momentum: choice.momentum ?? defaults.momentum,
    beta1: choice.beta1 ?? defaults.beta1,
    beta2: choice.beta2 ?? defaults.beta2,
    alpha: choice.alpha ?? defaults.alpha,
    epsilon: choice.epsilon ?? defaults.epsilon,
  };
}

/** The constants that the optimizer reads, with their values. */
export function readHyperparameters(choice: OptimizerChoice): Partial<Hyperparameters> {
  const values = hyperparametersOf(choice);
  return Object.fromEntries(readBy(choice.optimizer).map((name) => [name, values[name]]));
}

/**
 * Refuses a constant that the optimizer does not read.
 *
 * @throws ParagradError `unread_option`
 */
export function checkHyperparameters(choice: OptimizerChoice, nameOf: NameOf = (key) => key): void {
  const { optimizer } = choice;
  const reads = readBy(optimizer);
  const unread = HYPERPARAMETER_NAMES.find((name) => choice[name] !== undefined && !reads.includes(name));
  if (unread === undefined) return;
  const readers = (Object.keys(OPTIMIZERS) as OptimizerName[]).filter((name) => readBy(name).includes(unread));
  throw new ParagradError(
    'unread_option',
    `${nameOf(unread)} has no effect on ${optimizer}, which reads ${reads.map(nameOf).join(', ')}`,
    { hint: `Leave it out, or choose ${nameOf('optimizer')} ${readers.join(' or ')}.` },
  );
}

function readBy(name: OptimizerName): readonly HyperparameterName[] {
  return ['learningRate', ...OPTIMIZERS[name].reads];
}
