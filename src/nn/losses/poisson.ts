import type { Loss } from './loss.js';

/**
 * Poisson likelihood of counts, the output being the logarithm of the expected count: e^z - y z, mean over outputs. Without ln y!,
 * as in PyTorch: the loss may be negative.
 */
export const poisson: Loss = {
  tasks: ['regression'],
  targets: 'values',
  reads: [],
  outputIs: 'log',
  run: (kernels, b) => kernels.poissonLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d),
};
