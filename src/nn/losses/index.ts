/** The losses by name. The CLI's choices, the config schema and the tests' matrix come from here. */
import { bce } from './bce.js';
import { crossEntropy } from './cross-entropy.js';
import { halfMse } from './half-mse.js';
import { huber } from './huber.js';
import type { Loss } from './loss.js';
import { mae } from './mae.js';
import { mse } from './mse.js';
import { poisson } from './poisson.js';
import { quantile } from './quantile.js';

export const LOSSES = {
  mse,
  half_mse: halfMse,
  mae,
  huber,
  poisson,
  quantile,
  bce,
  cross_entropy: crossEntropy,
} satisfies Record<string, Loss>;

export type LossName = keyof typeof LOSSES;
