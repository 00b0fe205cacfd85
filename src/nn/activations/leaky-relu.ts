import type { Activation } from './activation.js';

/** Slope below zero, PyTorch's default. */
const SLOPE = 0.01;

/** f(x) = x > 0 ? x : 0.01 x. */
export const leakyRelu: Activation = {
  gain: Math.sqrt(2 / (1 + SLOPE * SLOPE)),
  keepsZero: true,
  derivativeFrom: 'output',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: (kernels, h, count) => kernels.leakyReluForward(h, count, SLOPE),
  backward: (kernels, d, h, count) => kernels.leakyReluBackward(d, h, count, SLOPE),
};
