import { EPILOGUE } from '../../kernels/kernels.js';
import type { Activation } from './activation.js';

/** f(x) = max(x, 0), NaN kept; derivative 0 at 0. Fused into the products. */
export const relu: Activation = {
  gain: Math.sqrt(2),
  keepsZero: true,
  derivativeFrom: 'output',
  forwardEpilogue: EPILOGUE.relu,
  backwardEpilogue: EPILOGUE.reluMask,
  forward: null,
  backward: null,
};
