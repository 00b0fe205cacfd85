/**
 * The constants of a loss as a run or a lab names them, at their defaults where nothing else was asked for. A constant that the
 * loss does not read would look as if it had an effect: it is refused.
 */
import { ParagradError } from '../errors.js';
import type { LossChoice } from '../nn/losses/choice.js';
import { LOSSES, type LossName } from '../nn/losses/index.js';
import { LOSS_DEFAULTS, type Loss, type LossConstants } from '../nn/losses/loss.js';
import type { NameOf } from './options.js';

interface Choice {
  readonly quantile?: number | readonly number[] | undefined;
  readonly labelSmoothing?: number | undefined;
}

const NAMES = Object.keys(LOSS_DEFAULTS) as (keyof LossConstants)[];

/** All constants. */
export function lossConstantsOf({ quantile, labelSmoothing }: Choice): LossConstants {
  return {
    quantile: quantile === undefined ? LOSS_DEFAULTS.quantile : [quantile].flat(),
    labelSmoothing: labelSmoothing ?? LOSS_DEFAULTS.labelSmoothing,
  };
}

/** The constants that the loss reads, with their values. */
export function readLossConstants(choice: Choice, loss: LossChoice): Partial<LossConstants> {
  const values = lossConstantsOf(choice);
  return Object.fromEntries(readBy(loss).map((name) => [name, values[name]]));
}

/**
 * Refuses a constant that the loss does not read.
 *
 * @throws ParagradError `unread_option`
 */
export function checkLossConstants(choice: Choice, loss: LossChoice | string, nameOf: NameOf = (key) => key): void {
  const unread = NAMES.find((name) => choice[name] !== undefined && !readBy(loss).includes(name));
  if (unread === undefined) return;
  const readers = (Object.keys(LOSSES) as LossName[]).filter((name) => readBy(name).includes(unread));
  throw new ParagradError(
    'unread_option',
    `${nameOf(unread)} has no effect on loss ${typeof loss === 'string' ? loss : loss.file}`,
    {
      hint: `Leave it out, or choose ${nameOf('loss')} ${readers.join(' or ')}.`,
    },
  );
}

/** What is built in under a name; a module, or its path, is not. */
function builtIn(loss: LossChoice | string): Loss | undefined {
  return typeof loss === 'string' && loss in LOSSES ? LOSSES[loss as LossName] : undefined;
}

/** Whether the target keeps its units, whatever else was asked for. */
export function keepsTarget(loss: LossChoice | string | undefined): boolean {
  return loss !== undefined && builtIn(loss)?.outputIs === 'log';
}

/** A module reads none. */
function readBy(loss: LossChoice | string): Loss['reads'] {
  return builtIn(loss)?.reads ?? [];
}
