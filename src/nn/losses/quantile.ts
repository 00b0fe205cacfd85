import type { Loss } from './loss.js';

/**
 * Pinball loss: quantile * (y - z) where the target is above, else (1 - quantile) * (z - y); least where z is that quantile of the
 * target (Koenker & Bassett, Econometrica 46, 1978). Of several quantiles each has an output of its own, and the loss is their mean.
 */
export const quantile: Loss = {
  tasks: ['regression'],
  targets: 'values',
  outputsPerValue: (constants) => constants.quantile.length,
  reads: ['quantile'],
  outputIs: 'value',
  run(kernels, { rows, outputs, z, ld, y, weights, d }, constants) {
    const quantiles = constants.quantile;
    const targets = outputs / quantiles.length;
    let sum = 0;
    for (let column = 0; column < outputs; column++) {
      const own = y + 4 * Math.floor(column / quantiles.length);
      const share = quantiles[column % quantiles.length];
      sum += kernels.pinballLoss(rows, outputs, column, z, ld, own, targets, weights, d, share);
    }
    return sum;
  },
};
