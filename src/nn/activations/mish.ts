import type { Activation } from './activation.js';

/** f(x) = x tanh(ln(1 + e^x)). */
export const mish: Activation = {
  gain: Math.sqrt(2),
  keepsZero: true,
  derivativeFrom: 'slope',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: (kernels, h, count, slope) => kernels.mishForward(h, slope, count),
  backward: (kernels, d, slope, count) => kernels.multiply(d, slope, count),
};
