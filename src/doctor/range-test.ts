/**
 * The learning-rate range test (Smith, arXiv 1506.01186): train with a rate that grows exponentially, watch the loss, stop when it
 * is four times its best. Three suggestions come of it, and the smallest is the one to take.
 *
 * The loss that is watched is of the same rows at every rate, where Smith smooths those of the batches: what differs between two
 * points is then the weights alone, and the steepest fall is not that from an unlucky batch to a lucky one.
 */
import type { Trial } from './trial.js';

export interface RangePoint {
  readonly rate: number;
  /** Of the batch that a step at this rate is made from, before it. */
  readonly loss: number;
  /** Of the rows that are looked at before every step. */
  readonly probe: number;
}

export interface RangeTest {
  readonly points: readonly RangePoint[];
  readonly suggestions: {
    /** Where the loss falls fastest, both on logarithmic axes (the loss on a plain one where it gets to 0 or below). */
    readonly steepest: number | null;
    /** A third of the rate at the loss's minimum. */
    readonly belowMinimum: number | null;
    /** Half of what the curvature bears: 1 / lambda for gradient descent. */
    readonly curvature: number | null;
  };
  /** The smallest of them; null when the loss fell at no rate. */
  readonly suggested: number | null;
}

export interface RangeOptions {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** Half the stable rate by curvature; null where it is not known. */
  readonly curvature: number | null;
}

export const RANGE = { from: 1e-7, to: 10, steps: 160 } as const;
/** Rows that are looked at before every step, at least. */
const PROBE_ROWS = 1024;
const STOP_AT = 4;
/** Points on either side over which a slope is taken. */
const WINDOW = 5;
/** Share of its whole fall after which the loss has begun to fall. */
const BEGUN = 0.1;

/** Runs the test from the trial's state and puts that back exactly. */
export function rangeTest(trial: Trial, { from, to, steps, curvature }: RangeOptions): RangeTest {
  const state = trial.save();
  const points: RangePoint[] = [];
  const probe = trial.probe(PROBE_ROWS);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < steps; i++) {
    const rate = from * (to / from) ** (i / (steps - 1));
    const seen = probe();
    const loss = trial.advance(rate);
    if (!Number.isFinite(seen + loss)) break;
    points.push({ rate, loss, probe: seen });
    if (seen > STOP_AT * best) break;
    best = Math.min(best, seen);
  }
  trial.restore(state);
  return { points, ...suggest(points, curvature) };
}

/** @param points in order of their rates */
export function suggest(
  points: readonly RangePoint[],
  curvature: number | null,
): Pick<RangeTest, 'suggestions' | 'suggested'> {
  const fell = points.length > 2 && Math.min(...points.map(({ probe }) => probe)) < 0.98 * points[0].probe;
  if (!fell) return { suggestions: { steepest: null, belowMinimum: null, curvature }, suggested: null };
  const lowest = points.reduce((least, point) => (point.probe < least.probe ? point : least));
  // Slopes over a window, and only once the loss has begun to fall: before that they are noise.
  const begun = points[0].probe - BEGUN * (points[0].probe - lowest.probe);
  // By shares of itself, so that the fall from a poor start's loss, which any rate brings about, is not all that counts.
  const height = ({ probe }: RangePoint): number => (lowest.probe > 0 ? Math.log(probe) : probe);
  let steepest: number | null = null;
  let slope = 0;
  for (let i = WINDOW; i + WINDOW < points.length && points[i].rate <= lowest.rate; i++) {
    if (points[i].probe > begun) continue;
    const [before, after] = [points[i - WINDOW], points[i + WINDOW]];
    const fall = (height(after) - height(before)) / Math.log(after.rate / before.rate);
    if (fall < slope) [slope, steepest] = [fall, points[i].rate];
  }
  const suggestions = { steepest, belowMinimum: lowest.rate / 3, curvature };
  const known = Object.values(suggestions).filter((rate): rate is number => rate !== null && rate > 0);
  return { suggestions, suggested: Math.min(...known) };
}
