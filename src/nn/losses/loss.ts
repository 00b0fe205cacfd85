/**
 * What a loss is: value and gradient together, on logits, SUMMED over rows (the step divides by the total weight, once).
 * Because it takes logits, no wrong pairing of an output activation with a loss exists.
 * Adding one is a file in this folder and a line in index.ts.
 */
import type { Kernels } from '../../kernels/kernels.js';

export type Task = 'regression' | 'binary' | 'multiclass';

/** Byte offsets of one block of rows. Plain and reused: the step fills it in. */
export interface LossArguments {
  rows: number;
  /** O, without padding. */
  outputs: number;
  /** Logits [rows, O]. */
  z: number;
  /** Leading dimension of z and d. */
  ld: number;
  /** Targets [rows, O / outputs a value] contiguous; class indices [rows] where `targets` is "class". */
  y: number;
  /** Row weights [rows], or 0 for all ones. */
  weights: number;
  /** Receives weight * d(loss)/dz, [rows, O], zero in the padding. */
  d: number;
}

/** Constants of the losses; each reads those that it has. */
export interface LossConstants {
  /** The quantiles that a pinball loss makes the network predict, ascending, each above 0 and below 1. */
  readonly quantile: readonly number[];
  /** Share of a classification's target that is spread evenly over the classes, from 0 and below 1. */
  readonly labelSmoothing: number;
}

/** The median, and targets as they are. */
export const LOSS_DEFAULTS: LossConstants = { quantile: [0.5], labelSmoothing: 0 };

export interface Loss {
  /** Tasks that it can train. */
  readonly tasks: readonly Task[];
  /** Values, or the class index. */
  readonly targets: 'values' | 'class';
  /** Outputs that one target value takes. Absent: one. */
  readonly outputsPerValue?: (constants: LossConstants) => number;
  /** The constants that it reads; to be given any other is an error. */
  readonly reads: readonly (keyof LossConstants)[];
  /**
   * What the output of a regression stands for: the target's value, or the logarithm of its mean. With the latter targets keep
   * their units, since a mean that is standardised has no logarithm, and none may be negative.
   */
  readonly outputIs: 'value' | 'log';
  /** Sum over rows, in float64 and in row order, of weight * loss; writes the gradient. */
  readonly run: (kernels: Kernels, block: LossArguments, constants: LossConstants) => number;
}
