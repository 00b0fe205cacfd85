import type { Loss } from './loss.js';

/** Half the squared error, (z - y)^2 / 2, mean over outputs: its derivative is z - y. */
export const halfMse: Loss = {
  tasks: ['regression'],
  targets: 'values',
  reads: [],
  outputIs: 'value',
  run: (kernels, b) => kernels.squaredErrorLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d, 0.5),
};
