/**
 * What the growth of a loss tells about the learning rate. Where training diverges, one mode of the curvature turns over with every
 * step, r times as large as before, and the loss grows r^2 times. The characteristic equation of the optimiser on a quadratic of
 * curvature lambda has the root -r, and is solved for rate * lambda; against the bound of stability.ts that says how many times
 * too large the rate is. b is the momentum:
 *
 *   gradient descent  r + 1
 *   heavy ball        r + 1 + b + b / r
 *   Nesterov          1 + r^2 / ((1 + b) r + b)
 *
 * An estimate from losses alone, of noisy batches too; the measured curvature is the doctor's. Adaptive optimisers have no such
 * equation: their preconditioner grows with the gradient.
 */
import type { OptimizerName } from '../nn/optimizers/index.js';
import type { Hyperparameters } from '../nn/optimizers/optimizer.js';
import { stableRate } from './stability.js';

/** rate * lambda at which a mode grows r times a step; null where the optimiser has no such equation. */
function rateTimesLambda(optimizer: OptimizerName, b: number, r: number): number | null {
  if (optimizer === 'sgd') return r + 1;
  if (optimizer === 'momentum') return r + 1 + b + b / r;
  if (optimizer === 'nesterov') return 1 + (r * r) / ((1 + b) * r + b);
  return null;
}

/**
 * How many times a rate is beyond what holds, when the loss grows by this factor with each step; null where that is not known.
 *
 * @param growth of the loss a step, above 1
 */
export function timesTooLarge(
  optimizer: OptimizerName,
  hyper: Pick<Hyperparameters, 'momentum' | 'beta1'>,
  growth: number,
): number | null {
  const product = rateTimesLambda(optimizer, hyper.momentum, Math.sqrt(growth));
  return product === null ? null : product / stableRate(optimizer, hyper, 1);
}

/** Growth beyond which a loss is no longer that of a quadratic: each step then changes the curvature itself. */
const QUADRATIC = 1e4;

/**
 * The factor by which losses grew a step at their end: the geometric mean since the last of them that is no larger than the one
 * before, without the steps in which the surface itself has changed. Null when they did not grow, or all too fast.
 *
 * @param losses of consecutive steps, oldest first, finite and above 0
 */
export function growthOf(losses: readonly number[]): number | null {
  let from = losses.length - 1;
  while (from > 0 && losses[from - 1] < losses[from]) from--;
  let to = losses.length - 1;
  while (to > from && losses[to] > QUADRATIC * losses[to - 1]) to--;
  return to - from < 2 ? null : (losses[to] / losses[from]) ** (1 / (to - from));
}
