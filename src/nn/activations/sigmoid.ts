import type { Activation } from './activation.js';

/** f(x) = 1 / (1 + e^-x), f' = f (1 - f). f(0) = 1/2: its padding has to be zeroed. */
export const sigmoid: Activation = {
  gain: 1,
  keepsZero: false,
  derivativeFrom: 'output',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: (kernels, h, count) => kernels.sigmoidForward(h, count),
  backward: (kernels, d, h, count) => kernels.sigmoidBackward(d, h, count),
};
