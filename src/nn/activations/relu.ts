import { EPILOGUE } from '../../kernels/kernels.js';
import type { Activation } from './activation.js';

/** f(x) = max(x, 0), NaN kept; derivative 0 at 0. Fused into the products wherever it is not blended. */
export const relu: Activation = {
  gain: Math.sqrt(2),
  keepsZero: true,
  derivativeFrom: 'output',
  forwardEpilogue: EPILOGUE.relu,
  backwardEpilogue: EPILOGUE.reluMask,
  forward: (kernels, h, count) => kernels.leakyReluForward(h, count, 0),
  backward: (kernels, d, h, count) => kernels.leakyReluBackward(d, h, count, 0),
};
