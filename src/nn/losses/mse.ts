import type { Loss } from './loss.js';

/** Squared error (z - y)^2, mean over outputs. */
export const mse: Loss = {
  tasks: ['regression'],
  targets: 'values',
  reads: [],
  outputIs: 'value',
  run: (kernels, b) => kernels.squaredErrorLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d, 1),
};
