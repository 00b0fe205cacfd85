import type { Activation } from './activation.js';

/** f(x) = x. */
export const identity: Activation = {
  gain: 1,
  keepsZero: true,
  derivativeFrom: 'output',
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: null,
  backward: null,
};
