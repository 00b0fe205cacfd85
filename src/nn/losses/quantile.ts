import type { Loss } from './loss.js';

/**
 * Pinball loss, mean over outputs: quantile * (y - z) where the target is above, else (1 - quantile) * (z - y); least where z is
 * that quantile of the target (Koenker & Bassett, Econometrica 46, 1978).
 */
export const quantile: Loss = {
  tasks: ['regression'],
  targets: 'values',
  reads: ['quantile'],
  outputIs: 'value',
  run: (kernels, b, constants) =>
    kernels.pinballLoss(b.rows, b.outputs, b.z, b.ld, b.y, b.weights, b.d, constants.quantile),
};
