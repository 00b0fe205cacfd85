import type { Activation } from './activation.js';

/** With these, mean 0 and variance 1 are a fixed point of a layer. */
const SCALE = 1.0507009873554805;
const ALPHA = 1.6732632423543772;

/**
 * f(x) = SCALE (x > 0 ? x : ALPHA (e^x - 1)) (Klambauer, Unterthiner, Mayr, Hochreiter, "Self-normalizing neural networks",
 * NeurIPS 2017). Gain 1: weights of variance 1 / fan in are what its fixed point assumes.
 */
export const selu: Activation = {
  gain: 1,
  keepsZero: true,
  derivativeFrom: 'output',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: (kernels, h, count) => kernels.eluForward(h, count, SCALE, SCALE * ALPHA),
  backward: (kernels, d, h, count) => kernels.eluBackward(d, h, count, SCALE, SCALE * ALPHA),
};
