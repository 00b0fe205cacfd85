/**
 * The float64 oracle of whole networks: activations and losses by the names that they have in the registries of src/nn. Like
 * reference.ts, which it is made of, no training path may import it.
 */
import { type Gated, geluForward, mishForward, siluForward } from './reference.js';
import {
  absoluteErrorLoss,
  type Batch,
  binaryCrossEntropyLoss,
  crossEntropyLoss,
  huberLoss,
  type LossResult,
  pinballLoss,
  poissonLoss,
  squaredErrorLoss,
} from './reference-losses.js';

/** An activation by its pre-activation x, from its definition: nothing is taken from a stored output. */
export interface ActivationReference {
  readonly value: (x: number) => number;
  readonly derivative: (x: number) => number;
  /** Whether the derivative jumps at x = 0, so that a finite difference across it says nothing. */
  readonly kinked: boolean;
}

/** Of one that has no kink. */
const smooth = (forward: (x: readonly number[]) => Gated): ActivationReference => ({
  value: (x) => forward([x]).h[0]!,
  derivative: (x) => forward([x]).slope[0]!,
  kinked: false,
});

/** The activations of src/nn/activations, by their names there. */
export const ACTIVATION_REFERENCES = {
  identity: { value: (x) => x, derivative: () => 1, kinked: false },
  relu: { value: (x) => Math.max(x, 0), derivative: (x) => (x > 0 ? 1 : 0), kinked: true },
  leaky_relu: { value: (x) => (x > 0 ? x : 0.01 * x), derivative: (x) => (x > 0 ? 1 : 0.01), kinked: true },
  tanh: { value: Math.tanh, derivative: (x) => 1 / Math.cosh(x) ** 2, kinked: false },
  sigmoid: {
    value: (x) => 1 / (1 + Math.exp(-x)),
    derivative: (x) => 1 / (2 + Math.exp(x) + Math.exp(-x)),
    kinked: false,
  },
  elu: { value: (x) => (x > 0 ? x : Math.expm1(x)), derivative: (x) => (x > 0 ? 1 : Math.exp(x)), kinked: false },
  selu: {
    value: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
    derivative: (x) => 1.0507009873554805 * (x > 0 ? 1 : 1.6732632423543772 * Math.exp(x)),
    kinked: true,
  },
  gelu: smooth(geluForward),
  silu: smooth(siluForward),
  mish: smooth(mishForward),
} satisfies Record<string, ActivationReference>;

/** The constants of src/nn/losses. */
interface Constants {
  readonly quantile: readonly number[];
  readonly labelSmoothing: number;
}

/** Those whose derivative jumps where prediction and target agree. */
export const KINKED_LOSSES: readonly string[] = ['mae', 'quantile'];

/** The losses of src/nn/losses, by their names there: summed over rows, on logits. */
export const LOSS_REFERENCES = {
  mse: (batch) => squaredErrorLoss(batch, 1),
  half_mse: (batch) => squaredErrorLoss(batch, 0.5),
  mae: absoluteErrorLoss,
  huber: (batch) => huberLoss(batch, 1),
  poisson: poissonLoss,
  quantile: (batch, { quantile }) => pinballLoss(batch, quantile),
  bce: (batch, { labelSmoothing }) => binaryCrossEntropyLoss(batch, labelSmoothing),
  cross_entropy: (batch, { labelSmoothing }) => crossEntropyLoss(batch, labelSmoothing),
} satisfies Record<string, (batch: Batch, constants: Constants) => LossResult>;
