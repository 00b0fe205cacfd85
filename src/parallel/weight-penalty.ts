/**
 * The penalty of a user's loss module. Its functions see all weights, so they are called while no worker updates any: before the
 * first barrier of a step. They take long beside a step (each makes an array as long as the weights, and threads that do so at
 * the same time wait for one another), so each is called by one worker: the value by the first, which reports losses, and the
 * gradient by the last, into shared memory. Behind the barrier each worker adds the gradient to its own slice.
 */
import type { Views } from '../memory/views.js';
import type { ModulePenalty } from '../nn/losses/choice.js';
import type { Network, Tensor } from '../nn/network.js';
import type { StepPlan } from './plan.js';

export interface WeightPenalty {
  /** This worker's part of evaluating the penalty at the weights as they are. */
  evaluate(): void;
  /** Its value at that point; on worker 0, elsewhere 0. */
  readonly value: number;
  /**
   * Adds its gradient, times `divisor`, to a summed gradient that is still to be divided by it.
   *
   * @param gradient byte offset of the gradient vector
   * @param from first parameter
   * @param count parameters
   */
  add(gradient: number, from: number, count: number, divisor: number): void;
}

export function createWeightPenalty(
  { layout, network, workers }: StepPlan,
  worker: number,
  views: Views,
  { penalty, penaltyGradient }: ModulePenalty,
): WeightPenalty {
  const value = worker === 0 ? penalty : null;
  const gradient = worker === workers - 1 ? penaltyGradient : null;
  const [shared] = layout.penaltyGradients.map((offset) =>
    views.f64.subarray(offset / 8, offset / 8 + network.parameters),
  );
  const parameters = views.f32.subarray(layout.parameters / 4, layout.parameters / 4 + network.parameters);
  const places = value === null && gradient === null ? new Int32Array(0) : weightPlaces(network);
  const weights = new Float64Array(places.length);
  const self = {
    value: 0,
    evaluate(): void {
      for (let i = 0; i < places.length; i++) weights[i] = parameters[places[i]];
      if (value !== null) self.value = value(weights);
      if (gradient === null) return;
      const byWeight = gradient(weights);
      for (let i = 0; i < places.length; i++) shared[places[i]] = byWeight[i];
    },
    add(sum: number, from: number, count: number, divisor: number): void {
      if (penaltyGradient === null) return;
      const at = sum / 4;
      for (let i = from; i < from + count; i++) views.f32[at + i] += shared[i] * divisor;
    },
  };
  return self;
}

/** Where each entry of W0, W1 … lies in the parameter vector. */
function weightPlaces({ tensors }: Network): Int32Array {
  return Int32Array.from(tensors.filter(({ kind }) => kind === 'weight').flatMap(placesOf));
}

function placesOf({ offset, rows, columns, stride }: Tensor): number[] {
  return Array.from({ length: rows * columns }, (_, i) => offset + Math.floor(i / columns) * stride + (i % columns));
}
