/** The range test as a chart: losses and suggestions over the learning rate, on a logarithmic axis. */
import { brief } from '../check/finding.js';
import type { Chart } from '../plot/chart.js';
import { powerRange, roundRange } from '../plot/range.js';
import { lossRange } from './range-sketch.js';
import type { RangeTest } from './range-test.js';

const NAMES = {
  steepest: 'steepest fall',
  belowMinimum: 'a third of the minimum',
  curvature: 'half of what the curvature bears',
} satisfies Record<keyof RangeTest['suggestions'], string>;

/** @param test of at least two points */
export function rangeChart({ points, suggestions, suggested }: RangeTest): Chart {
  const { low, high } = lossRange(points);
  const [from, to] = [points[0].rate, points[points.length - 1].rate];
  return {
    title: 'Learning-rate range test',
    x: { name: 'learning rate', logBase: 10, range: powerRange(from, to, 10), label: brief },
    y: { name: 'loss', logBase: null, range: roundRange(low, high), label: brief },
    series: [
      { name: 'loss of the same rows', look: 'line', points: points.map(({ rate, probe }) => [rate, probe]) },
      { name: 'loss of a batch', look: 'faint', points: points.map(({ rate, loss }) => [rate, loss]) },
    ],
    marks: (Object.keys(NAMES) as (keyof typeof NAMES)[]).flatMap((key) => {
      const rate = suggestions[key];
      if (rate === null || rate < from || rate > to) return [];
      return [{ x: rate, name: `${NAMES[key]}: ${brief(rate)}`, isMain: rate === suggested }];
    }),
  };
}
