import type { Loss } from './loss.js';

/** Binary cross-entropy on one logit per output, target in [0, 1]: max(z, 0) - z y + log(1 + e^-|z|). */
export const bce: Loss = {
  tasks: ['binary'],
  targets: 'values',
  run: (kernels, b) => kernels.binaryCrossEntropyLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d),
};
