import type { Activation } from './activation.js';

/** f(x) = x / (1 + e^-x), also called swish. */
export const silu: Activation = {
  gain: Math.sqrt(2),
  keepsZero: true,
  derivativeFrom: 'slope',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: (kernels, h, count, slope) => kernels.siluForward(h, slope, count),
  backward: (kernels, d, slope, count) => kernels.multiply(d, slope, count),
};
