import type { Activation } from './activation.js';

/** f(x) = x Phi(x) with the normal distribution Phi itself, by erf, not the approximation by tanh. */
export const gelu: Activation = {
  gain: Math.sqrt(2),
  keepsZero: true,
  derivativeFrom: 'slope',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: (kernels, h, count, slope) => kernels.geluForward(h, slope, count),
  backward: (kernels, d, slope, count) => kernels.multiply(d, slope, count),
};
