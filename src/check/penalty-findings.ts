/** A penalty on the weights in the reported loss, and the one in the followed gradient: do they agree? */
import type { Draws } from './draws.js';
import { brief, type Finding } from './finding.js';
import { relative } from './probes.js';

export interface PenaltyFunctions {
  readonly penalty: ((weights: Float64Array) => number) | null;
  readonly penaltyGradient: ((weights: Float64Array) => Float64Array) | null;
}

const STEP = 1e-4;
const ENTRIES = 24;
const AGREES = 1e-3;

/**
 * Compares them at given weights: along the weights themselves (which gives the coefficient of an L2 penalty) and entry by
 * entry.
 */
export function penaltyFindings(
  { penalty, penaltyGradient }: PenaltyFunctions,
  weights: Float64Array,
  draws: Draws,
  verify: string,
): Finding[] {
  if (penalty === null && penaltyGradient === null) return [];
  const square = weights.reduce((sum, w) => sum + w * w, 0);
  const claimed = penaltyGradient?.(weights) ?? new Float64Array(weights.length);
  const value = (vector: Float64Array): number => penalty?.(vector) ?? 0;
  const slope = (value(weights.map((w) => w * (1 + STEP))) - value(weights.map((w) => w * (1 - STEP)))) / (2 * STEP);
  const inLoss = slope / square;
  const inGradient = claimed.reduce((sum, g, i) => sum + g * weights[i], 0) / square;
  const values = { inLoss, inGradient };
  const size = Math.max(Math.abs(inLoss), Math.abs(inGradient));
  if (![inLoss, inGradient, ...claimed].every(Number.isFinite)) {
    return [
      {
        code: 'loss_not_finite',
        severity: 'error',
        evidence: `the penalty of these weights is ${value(weights)}, its gradient along them ${brief(inGradient)} x W`,
        cause: 'the penalty or its gradient overflows or divides by zero',
        advice: 'Make penalty and penaltyGradient finite for every finite weight.',
        verify,
        values: { inLoss: String(inLoss), inGradient: String(inGradient) },
      },
    ];
  }
  if (claimed.every((g) => g === 0) && size <= 1e-12) return [];
  if (Math.abs(inLoss) <= AGREES * size) {
    return [
      {
        code: 'penalty_not_in_loss',
        severity: 'error',
        evidence: `the gradient has a penalty of ${brief(inGradient)} that the loss leaves out (${brief(inGradient)} x W in the gradient, ${brief(inLoss)} x W from the loss)`,
        cause: 'the loss that is reported is not the function whose gradient is followed',
        advice: `Add the penalty to the loss: export const penalty = (weights) => ${brief(inGradient / 2)} * weights.reduce((sum, w) => sum + w * w, 0); or drop penaltyGradient and give --l2 ${brief(inGradient)}.`,
        verify,
        values,
      },
    ];
  }
  if (claimed.every((g) => g === 0)) {
    return [
      {
        code: 'penalty_not_in_gradient',
        severity: 'error',
        evidence: `the loss has a penalty of ${brief(inLoss)} that the gradient leaves out (${brief(inLoss)} x W from the loss, 0 in the gradient)`,
        cause: 'the penalty is reported but has no effect on the weights',
        advice: `Add its gradient: export const penaltyGradient = (weights) => weights.map((w) => ${brief(inLoss)} * w); or drop penalty and give --l2 ${brief(inLoss)}.`,
        verify,
        values,
      },
    ];
  }
  const worst = worstEntry(value, claimed, weights, draws);
  if (worst === null) return [];
  const ratio = inGradient / inLoss;
  return [
    {
      code: 'penalty_mismatch',
      severity: 'error',
      evidence: `the gradient has a penalty of ${brief(inGradient)} x W, the loss one of ${brief(inLoss)} x W: ${brief(ratio)} x the true one (weight ${worst.index}: yours ${brief(worst.claimed)}, true ${brief(worst.numeric)})`,
      cause:
        Math.abs(ratio - 1) < AGREES
          ? 'the penalty gradient is not the derivative of the penalty, though it agrees along the weights'
          : 'the derivative of r/2 W^2 is r W: a factor or a sign is in one and not in the other',
      advice: `Multiply what penaltyGradient returns by ${brief(1 / ratio)}, or change the penalty to match.`,
      verify,
      values: { ...values, ratio },
    },
  ];
}

/** The entry whose claimed derivative is furthest from a central difference; null when all agree. */
function worstEntry(
  value: (weights: Float64Array) => number,
  claimed: Float64Array,
  weights: Float64Array,
  draws: Draws,
): { index: number; claimed: number; numeric: number } | null {
  const moved = weights.slice();
  const most = claimed.reduce((largest, g) => Math.max(largest, Math.abs(g)), 0);
  // Below this, the rounding of the whole penalty hides the derivative.
  const hidden = (1e4 * Number.EPSILON * Math.abs(value(weights))) / STEP + 1e-6 * most;
  let worst: { index: number; claimed: number; numeric: number } | null = null;
  for (let i = 0; i < Math.min(ENTRIES, weights.length); i++) {
    const index = weights.length <= ENTRIES ? i : draws.below(weights.length);
    const h = STEP * Math.max(0.01, Math.abs(weights[index]));
    const side = (by: number): number => {
      moved[index] = weights[index] + by;
      const at = value(moved);
      moved[index] = weights[index];
      return at;
    };
    const here = side(0);
    const [up, down] = [(side(h) - here) / h, (here - side(-h)) / h];
    const numeric = (up + down) / 2;
    if (Math.max(Math.abs(numeric), Math.abs(claimed[index])) <= hidden) continue;
    // A kink, as of |w| at 0.
    if (relative(up, down) > 0.1) continue;
    if (relative(claimed[index], numeric) < 1e-2) continue;
    if (worst === null || Math.abs(claimed[index] - numeric) > Math.abs(worst.claimed - worst.numeric)) {
      worst = { index, claimed: claimed[index], numeric };
    }
  }
  return worst;
}
