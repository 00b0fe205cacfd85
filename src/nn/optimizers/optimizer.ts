/**
 * What an optimiser is: how many slots (parameter-sized state arrays) it keeps, and the update of a run of parameters.
 * State is data in the memory plan; nothing here remembers anything between steps but the constants of the current one.
 * Adding one is a file in this folder and a line in index.ts.
 */
import type { Kernels } from '../../kernels/kernels.js';

/** Constants of the update rules; each rule reads those that it has. */
export interface Hyperparameters {
  /** The rate that schedules start from; a rule gets the rate of each step in its place. */
  readonly learningRate: number;
  /** Decoupled: w *= 1 - learningRate * weightDecay; of what it acts on, and how it goes over a run: nn/groups.ts, schedules. */
  readonly weightDecay: number;
  readonly momentum: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Share of the old mean square that rmsprop keeps at each step. */
  readonly alpha: number;
  readonly epsilon: number;
}

/** Those that stay the same over a run and for all parameters. */
export type RuleConstants = Omit<Hyperparameters, 'learningRate' | 'weightDecay'>;

/** The update rule of one worker, for parameters of one group. */
export interface BoundOptimizer {
  /** Fixes the constants of step t, counted from 1, its learning rate and its weight decay. */
  begin(t: number, rate: number, weightDecay: number): void;
  /**
   * Updates `count` parameters in place from their summed gradient: g' = clip * (g / divisor + l2 * p).
   *
   * @param parameters byte offset of the parameter vector
   * @param gradient byte offset of the gradient vector
   * @param slots byte offset of each slot
   * @param from bytes from the start of each of these vectors to the run
   * @param count parameters in the run; a multiple of 4
   */
  apply(
    parameters: number,
    gradient: number,
    slots: readonly number[],
    from: number,
    count: number,
    divisor: number,
    l2: number,
    clip: number,
  ): void;
}

export interface Optimizer {
  /** Names of the slots, in memory order. */
  readonly slots: readonly string[];
  /** The constants that its rule reads beside the rate; to be given any other is an error. */
  readonly reads: readonly Exclude<keyof Hyperparameters, 'learningRate'>[];
  readonly defaults: Hyperparameters;
  readonly bind: (kernels: Kernels, hyper: RuleConstants) => BoundOptimizer;
}

/** PyTorch's defaults; an optimiser overrides what differs. */
export const COMMON_DEFAULTS: Hyperparameters = {
  learningRate: 1e-3,
  weightDecay: 0,
  momentum: 0.9,
  beta1: 0.9,
  beta2: 0.999,
  alpha: 0.99,
  epsilon: 1e-8,
};
