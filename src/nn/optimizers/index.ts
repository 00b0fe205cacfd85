/** The optimisers by name. The CLI's choices, the config schema and the tests' matrix come from here. */
import { adagrad } from './adagrad.js';
import { adam, adamw } from './adam.js';
import { momentum, nesterov } from './momentum.js';
import type { Optimizer } from './optimizer.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

export const OPTIMIZERS = {
  sgd,
  momentum,
  nesterov,
  adam,
  adamw,
  rmsprop,
  adagrad,
} satisfies Record<string, Optimizer>;

export type OptimizerName = keyof typeof OPTIMIZERS;
