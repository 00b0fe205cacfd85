import type { Activation } from './activation.js';

/** f(x) = tanh x, f' = 1 - f^2. */
export const tanh: Activation = {
  gain: 5 / 3,
  keepsZero: true,
  derivativeFrom: 'output',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: (kernels, h, count) => kernels.tanhForward(h, count),
  backward: (kernels, d, h, count) => kernels.tanhBackward(d, h, count),
};
