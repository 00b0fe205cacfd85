/**
 * The two things that a gradient check compares: the loss that is reported, as a function of the parameters, and the gradient
 * that is followed. Both in float64. What makes them up (a built-in loss, or functions that a user wrote) is plain functions.
 */
import type { Batch, LossResult } from '../kernels/reference-losses.js';
import { LOSS_REFERENCES } from '../kernels/references-by-name.js';
import type { LossName } from '../nn/losses/index.js';
import type { LossConstants } from '../nn/losses/loss.js';
import type { NetworkSpec } from '../nn/network.js';
import { backward, forward, logitsOf, type Trace } from './network.js';
import { tensorsOf } from './tensors.js';

const REFERENCES: Readonly<Record<LossName, (batch: Batch, constants: LossConstants) => LossResult>> = LOSS_REFERENCES;

/** A loss on rows: the number that is reported and the gradient that is claimed, averaged or summed as its author does. */
export type CheckLoss = (z: Float64Array, y: Float64Array, rows: number) => LossResult;

/** A penalty on the weights (without biases), as one flat vector W0, W1 …, and the gradient that is claimed. */
export interface CheckPenalty {
  readonly value: (weights: Float64Array) => number;
  readonly gradient: (weights: Float64Array) => Float64Array;
}

export interface CheckProblem {
  readonly network: NetworkSpec;
  readonly rows: number;
  /** [rows, inputs and codes], see network.ts */
  readonly x: Float64Array;
  /** [rows, outputs / outputs a value], or class indices [rows]. */
  readonly y: Float64Array;
  readonly loss: CheckLoss;
  /** Whether its derivative jumps where prediction and target agree. Absent: it does not. */
  readonly kinkAtTarget?: boolean;
  readonly penalty: CheckPenalty | null;
}

export interface Objective {
  readonly problem: CheckProblem;
  trace(parameters: Float64Array): Trace;
  /** The reported loss, penalty included. */
  value(parameters: Float64Array, trace?: Trace): number;
  /** The followed gradient, [P]. */
  gradient(parameters: Float64Array): Float64Array;
}

export function createObjective(problem: CheckProblem): Objective {
  const { network, rows, x, y, loss, penalty } = problem;
  const trace = (parameters: Float64Array): Trace => forward(network, parameters, x, rows);
  return {
    problem,
    trace,
    value(parameters, known = trace(parameters)) {
      const data = loss(logitsOf(known), y, rows).value;
      return penalty === null ? data : data + penalty.value(weightsOf(network, parameters));
    },
    gradient(parameters) {
      const known = trace(parameters);
      const gradient = backward(network, parameters, known, rows, loss(logitsOf(known), y, rows).gradient);
      if (penalty !== null) {
        addToWeights(network, gradient, penalty.gradient(weightsOf(network, parameters)));
      }
      return gradient;
    },
  };
}

/** Whether a prediction passes its target between two traces, so that a difference across it says nothing of a loss with a kink. */
export function passesTarget({ y, kinkAtTarget }: CheckProblem, above: Trace, below: Trace): boolean {
  if (!kinkAtTarget) return false;
  const [from, to] = [logitsOf(below), logitsOf(above)];
  const perValue = from.length / y.length;
  return from.some((z, i) => {
    const target = y[Math.floor(i / perValue)];
    return z > target !== to[i] > target;
  });
}

/** A loss of the registry. */
export function builtInLoss(
  name: LossName,
  outputs: number,
  reduction: 'mean' | 'sum',
  constants: LossConstants,
): CheckLoss {
  return (z, y, rows) => {
    const { value, gradient } = REFERENCES[name]({ rows, outputs, z, y }, constants);
    return reduction === 'sum' ? { value, gradient } : { value: value / rows, gradient: gradient.map((g) => g / rows) };
  };
}

/** l2 / 2 * sum of squared weights; null without one. */
export function l2Penalty(l2: number): CheckPenalty | null {
  if (l2 === 0) return null;
  return {
    value: (weights) => (l2 / 2) * weights.reduce((sum, w) => sum + w * w, 0),
    gradient: (weights) => weights.map((w) => l2 * w),
  };
}

/** W0, W1 … without the biases, one after the other; copied. */
export function weightsOf(network: NetworkSpec, parameters: Float64Array): Float64Array {
  const tensors = tensorsOf(network).filter(({ isWeight }) => isWeight);
  const weights = new Float64Array(tensors.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { offset, length } of tensors) {
    weights.set(parameters.subarray(offset, offset + length), at);
    at += length;
  }
  return weights;
}

/** Adds values for W0, W1 … to a vector of all parameters. */
export function addToWeights(network: NetworkSpec, vector: Float64Array, values: ArrayLike<number>): void {
  let at = 0;
  for (const { offset, length, isWeight } of tensorsOf(network)) {
    if (!isWeight) continue;
    for (let i = 0; i < length; i++) vector[offset + i] += values[at++];
  }
}
