import type { Loss } from './loss.js';

/**
 * Softmax cross-entropy on one logit per class: log(sum e^z) - z[class]. With label smoothing s the target is 1 - s of the class
 * and s in equal parts of all classes (Szegedy et al., CVPR 2016), as in PyTorch.
 */
export const crossEntropy: Loss = {
  tasks: ['binary', 'multiclass'],
  targets: 'class',
  reads: ['labelSmoothing'],
  outputIs: 'value',
  run: (kernels, b, { labelSmoothing }) =>
    kernels.crossEntropyLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d, labelSmoothing),
};
