import type { Loss } from './loss.js';

/** Absolute error |z - y|, mean over outputs; derivative 0 at 0. */
export const mae: Loss = {
  tasks: ['regression'],
  targets: 'values',
  reads: [],
  outputIs: 'value',
  run: (kernels, b) => kernels.absoluteErrorLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d),
};
