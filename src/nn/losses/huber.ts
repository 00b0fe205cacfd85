import type { Loss } from './loss.js';

/** Where the parabola ends, PyTorch's default. */
const DELTA = 1;

/** Huber's loss: e^2 / 2 while |e| <= 1, else |e| - 1/2, mean over outputs (Huber, Ann. Math. Statist. 35, 1964). */
export const huber: Loss = {
  tasks: ['regression'],
  targets: 'values',
  reads: [],
  outputIs: 'value',
  run: (kernels, b) => kernels.huberLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d, DELTA),
};
