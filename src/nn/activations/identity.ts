import type { Activation } from './activation.js';

/** f(x) = x. */
export const identity: Activation = {
  gain: 1,
  keepsZero: true,
  forwardEpilogue: 0,
  backwardEpilogue: 0,
  forward: null,
  backward: null,
};
