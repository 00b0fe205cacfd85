/**
 * The penalty of a user's loss module, on one worker. Its functions see all weights, so it is evaluated while no worker
 * updates any (before the first barrier of a step), by every worker for itself: the same weights give the same bits. Each
 * worker then adds the gradient to its own slice.
 */
import type { Views } from '../memory/views.js';
import type { ModulePenalty } from '../nn/losses/choice.js';
import type { Network, Tensor } from '../nn/network.js';
import type { StepPlan } from './plan.js';

export interface WeightPenalty {
  /** Evaluates the penalty at the weights as they are. */
  evaluate(): void;
  /** Its value at that point. */
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
  { layout, network }: StepPlan,
  views: Views,
  { penalty, penaltyGradient }: ModulePenalty,
): WeightPenalty {
  const start = layout.parameters / 4;
  const places = weightPlaces(network);
  const weights = new Float64Array(places.length);
  const byParameter = new Float64Array(network.parameters);
  const self = {
    value: 0,
    evaluate(): void {
      for (let i = 0; i < places.length; i++) weights[i] = views.f32[start + places[i]];
      self.value = penalty === null ? 0 : penalty(weights);
      if (penaltyGradient === null) return;
      const gradient = penaltyGradient(weights);
      for (let i = 0; i < places.length; i++) byParameter[places[i]] = gradient[i];
    },
    add(gradient: number, from: number, count: number, divisor: number): void {
      if (penaltyGradient === null) return;
      const at = gradient / 4;
      for (let i = from; i < from + count; i++) views.f32[at + i] += byParameter[i] * divisor;
    },
  };
  return self;
}

/** Where each entry of W0, W1 … lies in the parameter vector. */
function weightPlaces({ tensors }: Network): Int32Array {
  const places = tensors.filter(({ penalised }) => penalised).flatMap(placesOf);
  return Int32Array.from(places);
}

function placesOf({ offset, rows, columns, stride }: Tensor): number[] {
  return Array.from({ length: rows * columns }, (_, i) => offset + Math.floor(i / columns) * stride + (i % columns));
}
