import type { Loss } from './loss.js';

/** Softmax cross-entropy on one logit per class: log(sum e^z) - z[class]. */
export const crossEntropy: Loss = {
  tasks: ['binary', 'multiclass'],
  targets: 'class',
  run: (kernels, b) => kernels.crossEntropyLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d),
};
