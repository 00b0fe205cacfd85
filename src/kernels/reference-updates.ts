/**
 * The float64 oracle of what makes a step of gradients: their reduction and the optimisers' updates, from the formulas of the papers.
 * Like reference.ts, of which it is a part, no training path may import it.
 */
import { map, type Vector } from './reference-values.js';

export const add = (x: Vector, y: Vector) => map(x, (v, i) => v + y[i]!);
export const sumSquares = (x: Vector) => map(x, (v) => v * v).reduce((total, v) => total + v, 0);

export const finalizeGradient = (g: Vector, p: Vector, divisor: number, l2: number) =>
  map(g, (v, i) => v / divisor + (l2 === 0 ? 0 : l2 * p[i]!));

/** What every update starts from. */
export interface Update {
  readonly p: Vector;
  readonly g: Vector;
  readonly divisor: number;
  readonly l2: number;
  readonly clip: number;
}

const finalized = ({ p, g, divisor, l2, clip }: Update) =>
  map(finalizeGradient(g, p, divisor, l2), (v) => (clip === 1 ? v : v * clip));

export function updateSgd(update: Update, rate: number, weightDecay: number): Float64Array {
  const g = finalized(update);
  return map(update.p, (p, i) => p - rate * (g[i]! + (weightDecay === 0 ? 0 : weightDecay * p)));
}

/** Sutskever et al. 2013, as PyTorch states it. */
export function updateMomentum(
  update: Update,
  velocity: Vector,
  rate: number,
  weightDecay: number,
  momentum: number,
  nesterov: boolean,
): { p: Float64Array; v: Float64Array } {
  const g = finalized(update);
  const v = map(velocity, (old, i) => momentum * old + g[i]!);
  const direction = nesterov ? map(g, (x, i) => x + momentum * v[i]!) : v;
  return { p: map(update.p, (p, i) => p * (1 - rate * weightDecay) - rate * direction[i]!), v };
}

/** RMSprop (Tieleman & Hinton 2012) where keep + take = 1, AdaGrad (Duchi et al. 2011) where both are 1. */
export function updateScaled(
  update: Update,
  square: Vector,
  { decay, keep, take, rate, epsilon }: Readonly<Record<'decay' | 'keep' | 'take' | 'rate' | 'epsilon', number>>,
): { p: Float64Array; v: Float64Array } {
  const g = finalized(update);
  const v = map(square, (old, i) => keep * old + take * g[i]! * g[i]!);
  return { p: map(update.p, (p, i) => decay * p - (rate * g[i]!) / (Math.sqrt(v[i]!) + epsilon)), v };
}

export interface AdamScale {
  readonly decay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly stepSize: number;
  readonly inverseRoot: number;
  readonly epsilon: number;
}

/** Kingma & Ba 2015; decoupled decay: Loshchilov & Hutter 2019. */
export function updateAdam(
  update: Update,
  mean: Vector,
  square: Vector,
  scale: AdamScale,
): { p: Float64Array; m: Float64Array; v: Float64Array } {
  const g = finalized(update);
  const m = map(mean, (old, i) => scale.beta1 * old + (1 - scale.beta1) * g[i]!);
  const v = map(square, (old, i) => scale.beta2 * old + (1 - scale.beta2) * g[i]! * g[i]!);
  const p = map(
    update.p,
    (old, i) => scale.decay * old - (scale.stepSize * m[i]!) / (Math.sqrt(v[i]!) * scale.inverseRoot + scale.epsilon),
  );
  return { p, m, v };
}
