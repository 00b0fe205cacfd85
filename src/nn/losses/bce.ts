import type { Loss } from './loss.js';

/**
 * Binary cross-entropy on one logit per output, target in [0, 1]: max(z, 0) - z y + log(1 + e^-|z|). Label smoothing s makes
 * (1 - s) y + s / 2 of a target, which is what smoothed cross-entropy makes of two classes.
 */
export const bce: Loss = {
  tasks: ['binary'],
  targets: 'values',
  reads: ['labelSmoothing'],
  outputIs: 'value',
  run: (kernels, b, { labelSmoothing }) =>
    kernels.binaryCrossEntropyLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d, labelSmoothing),
};
