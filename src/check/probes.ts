/**
 * Probes of a gradient against the loss that it is said to belong to.
 *
 *   directional    along the claimed gradient itself: how many times the true slope does it claim?
 *   elements       single entries of every tensor against central differences
 *   decomposition  per tensor, claimed = s * true + r * W by least squares: s a wrong scale, r a penalty that only the
 *                  gradient has (r < 0: that only the loss has)
 *   penalty        with targets equal to the predictions the data pull nowhere: what is left along W is penalty
 *
 * Entries whose difference crosses a kink of the activation or of the loss are left out: on either side the derivative is another one.
 * Entries so small that the rounding of the loss hides them are inconclusive, not wrong.
 */
import type { Draws } from './draws.js';
import { crossesKink, logitsOf } from './network.js';
import { createObjective, type Objective, passesTarget, weightsOf } from './objective.js';
import { tensorsOf } from './tensors.js';

/** Relative step of a central difference: about the cube root of float64's precision. */
const STEP = 1e-5;
const EPSILON = Number.EPSILON;

export interface Directional {
  /** |g|: norm of the claimed gradient. */
  readonly norm: number;
  /** Slope of the loss along it. */
  readonly slope: number;
  /** norm / slope: 1 when right, -1 when turned round, N for a sum in place of a mean. */
  readonly kappa: number;
}

export function probeDirection(objective: Objective, parameters: Float64Array): Directional {
  const gradient = objective.gradient(parameters);
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  const scale = Math.sqrt(parameters.reduce((sum, p) => sum + p * p, 0));
  const h = STEP * Math.max(1, scale);
  const moved = (by: number): number => objective.value(parameters.map((p, i) => p + (by * gradient[i]) / norm));
  const slope = norm === 0 ? 0 : (moved(h) - moved(-h)) / (2 * h);
  return { norm, slope, kappa: norm / slope };
}

export interface Element {
  readonly tensor: string;
  /** Place within its tensor, and in the vector of all parameters. */
  readonly index: number;
  readonly at: number;
  readonly claimed: number;
  readonly numeric: number;
  /** |claimed - numeric| / (|claimed| + |numeric|). */
  readonly error: number;
  readonly verdict: 'wrong' | 'doubtful' | 'right' | 'inconclusive' | 'kink';
}

/**
 * Checks up to `perTensor` entries of every tensor, drawn at random.
 */
export function probeElements(
  objective: Objective,
  parameters: Float64Array,
  perTensor: number,
  draws: Draws,
): Element[] {
  const { network } = objective.problem;
  const gradient = objective.gradient(parameters);
  const moved = parameters.slice();
  return tensorsOf(network).flatMap(({ name, offset, length }) =>
    choose(length, perTensor, draws).map((index): Element => {
      const at = offset + index;
      const h = STEP * Math.max(1, Math.abs(parameters[at]));
      moved[at] = parameters[at] + h;
      const above = objective.trace(moved);
      const plus = objective.value(moved, above);
      moved[at] = parameters[at] - h;
      const below = objective.trace(moved);
      const minus = objective.value(moved, below);
      moved[at] = parameters[at];
      const numeric = (plus - minus) / (2 * h);
      const claimed = gradient[at];
      const entry = { tensor: name, index, at, claimed, numeric, error: relative(claimed, numeric) };
      if (crossesKink(network, above, below) || passesTarget(objective.problem, above, below))
        return { ...entry, verdict: 'kink' };
      const hidden = (1e4 * EPSILON * Math.max(Math.abs(plus), Math.abs(minus))) / h;
      return { ...entry, verdict: judge(entry, hidden) };
    }),
  );
}

function judge({ claimed, numeric, error }: Omit<Element, 'verdict'>, hidden: number): Element['verdict'] {
  if (claimed === 0 && numeric === 0) return 'right';
  if (!Number.isFinite(claimed)) return 'wrong';
  if (Math.max(Math.abs(claimed), Math.abs(numeric)) < hidden) return 'inconclusive';
  return error > 1e-2 ? 'wrong' : error > 1e-4 ? 'doubtful' : 'right';
}

export function relative(a: number, b: number): number {
  return a === b ? 0 : Math.abs(a - b) / (Math.abs(a) + Math.abs(b));
}

/** `count` different places of 0 .. length - 1, or all of them. */
function choose(length: number, count: number, draws: Draws): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(draws.below(length));
  return [...chosen];
}

export interface Decomposition {
  readonly tensor: string;
  /** Scale of the true gradient in the claimed one. */
  readonly scale: number;
  /** Coefficient of W in it beyond that; 0 for a bias, which has no penalty. */
  readonly penalty: number;
  /** Part of the claimed gradient that neither explains, as a share of its norm. */
  readonly residual: number;
}

/** Fits claimed = scale * numeric + penalty * W on the conclusive entries of each tensor. */
export function decompose(elements: readonly Element[], parameters: Float64Array): Decomposition[] {
  const names = [...new Set(elements.map(({ tensor }) => tensor))];
  return names.map((tensor) => {
    const entries = elements.filter(
      (element) => element.tensor === tensor && element.verdict !== 'kink' && element.verdict !== 'inconclusive',
    );
    const [nn, nw, ww, an, aw, aa] = [0, 0, 0, 0, 0, 0].map((_, k) =>
      entries.reduce((sum, { numeric: n, claimed: a, at }) => {
        const w = tensor.startsWith('W') ? parameters[at] : 0;
        return sum + [n * n, n * w, w * w, a * n, a * w, a * a][k];
      }, 0),
    );
    const determinant = nn * ww - nw * nw;
    const both = determinant > 1e-9 * nn * ww;
    const scale = both ? (an * ww - aw * nw) / determinant : an / nn;
    const penalty = both ? (aw * nn - an * nw) / determinant : 0;
    const left = aa - scale * an - penalty * aw;
    return { tensor, scale, penalty, residual: aa === 0 ? 0 : Math.sqrt(Math.max(0, left) / aa) };
  });
}

export interface PenaltyProbe {
  /** Coefficient of W in the gradient, and in the derivative of the loss. */
  readonly inGradient: number;
  readonly inLoss: number;
}

/**
 * Sets the targets to the predictions and measures what pulls along W. Null where that does not silence the data: a
 * classification, or a loss that is not least where prediction and target agree.
 */
export function probePenalty(objective: Objective, parameters: Float64Array): PenaltyProbe | null {
  const { problem } = objective;
  const predictions = logitsOf(objective.trace(parameters));
  if (predictions.length !== problem.y.length) return null;
  const silent = problem.loss(predictions, predictions, problem.rows).gradient;
  if (silent.some((d) => !(Math.abs(d) <= 1e-12))) return null;
  const still = createObjective({ ...problem, y: predictions });
  const { network } = problem;
  const weights = weightsOf(network, parameters);
  const square = weights.reduce((sum, w) => sum + w * w, 0);
  if (square === 0) return null;
  const claimed = weightsOf(network, still.gradient(parameters));
  const along = weightsOf(network, parameters);
  // Along W itself the loss moves by the penalty alone only while predictions are pinned: hence the penalty's own value.
  const value = (factor: number): number => problem.penalty?.value(along.map((w) => w * factor)) ?? 0;
  const slope = (value(1 + STEP) - value(1 - STEP)) / (2 * STEP);
  return { inGradient: claimed.reduce((sum, g, i) => sum + g * weights[i], 0) / square, inLoss: slope / square };
}
