/** Values far outside the rest of a column: numbers that stand for "missing", and outliers. */
import type { Summary } from './column-sample.js';

/** Beyond so many spreads of the quartiles, or deviations, a few values are outliers. */
const OUTLIER_SPREADS = 150;
const OUTLIER_DEVIATIONS = 60;
/** Values that people write for "missing". */
const SENTINELS = [-1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999];
/** From here on, a negative value among others that are all 0 and more is no measurement. */
const IMPOSSIBLE = -99;
/** A negative value so many times smaller than all others, which are positive, is none either. */
const UNLIKE = 100;

interface Sentinel {
  readonly value: number;
  readonly count: number;
  /** The value next to it. */
  readonly next: number;
}

/** An outermost value where it stands for "missing": far from all others, or below 0 where nothing else is. */
export function sentinelOf({ sorted, edges, count }: Summary): Sentinel | null {
  for (const edge of edges) {
    if (!SENTINELS.includes(edge.value) || edge.count < Math.max(3, 0.002 * count) || edge.count > 0.9 * count)
      continue;
    const rest = sorted.filter((v) => v !== edge.value);
    const next = edge.value < rest[0] ? rest[0] : rest[rest.length - 1];
    const range = rest[rest.length - 1] - rest[0];
    const isImpossible = edge.value < 0 && next >= (edge.value <= IMPOSSIBLE ? 0 : -UNLIKE * edge.value);
    if (isImpossible || Math.abs(edge.value - next) > Math.max(range, 1)) return { ...edge, next };
  }
  return null;
}

/** The value farthest out where a few are so far that they set the scale of all. */
export function outlierOf({
  sorted,
  median,
  spread,
  count,
  deviation,
  mean,
  min,
  max,
}: Summary): { value: number; times: number; unit: string } | null {
  const value = max - median > median - min ? max : min;
  const far = Math.abs(value - median);
  if (spread > 0) {
    const times = far / spread;
    const few = sorted.filter((v) => Math.abs(v - median) > OUTLIER_SPREADS * spread).length;
    return times > OUTLIER_SPREADS && few <= 0.01 * count + 1
      ? { value, times, unit: 'times the spread of the quartiles' }
      : null;
  }
  const times = Math.abs(value - mean) / deviation;
  return times > OUTLIER_DEVIATIONS ? { value, times, unit: 'deviations' } : null;
}
