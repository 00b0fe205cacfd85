import type { Activation } from './activation.js';

/** Below zero the function is ALPHA (e^x - 1), PyTorch's default. */
const ALPHA = 1;

/** f(x) = x > 0 ? x : e^x - 1 (Clevert, Unterthiner, Hochreiter, ICLR 2016). */
export const elu: Activation = {
  gain: Math.sqrt(2),
  keepsZero: true,
  derivativeFrom: 'output',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: (kernels, h, count) => kernels.eluForward(h, count, 1, ALPHA),
  backward: (kernels, d, h, count) => kernels.eluBackward(d, h, count, 1, ALPHA),
};
