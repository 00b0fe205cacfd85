/**
 * Speed-up against workers as a chart, both on logarithmic axes: what was measured, the fitted law, the projection from one worker,
 * and the ideal line.
 */
import type { Chart, Point } from '../plot/chart.js';
import { powerRange } from '../plot/range.js';
import { speedUpBy } from './laws.js';
import type { ScalingPoint, ScalingReport } from './report.js';

/** Points of a drawn law, for each doubling. */
const CURVE_STEPS = 8;

export function scalingChart({ points, projection, amdahl, usl, sizes, mode, kernels }: ScalingReport): Chart {
  const all = [...points, ...projection];
  const most = Math.max(2, ...all.map(({ workers }) => workers));
  const least = Math.min(1, ...all.map(({ speedUp }) => speedUp));
  const law = usl ?? (amdahl && { contention: amdahl.serial, coherency: 0 });
  const counts = Array.from({ length: Math.ceil(Math.log2(most) * CURVE_STEPS) + 1 }, (_, i) =>
    Math.min(most, 2 ** (i / CURVE_STEPS)),
  );
  const places = (of: readonly ScalingPoint[]): Point[] => of.map(({ workers, speedUp }) => [workers, speedUp]);
  return {
    title: `${sizes.join('-')}, batches of ${points[0].batchSize} rows, ${mode}, ${kernels}`,
    x: { name: 'workers', logBase: 2, range: powerRange(1, most, 2), label: String },
    y: {
      name: 'speed-up (rows/s over those of one worker)',
      logBase: 2,
      range: powerRange(least, most, 2),
      label: String,
    },
    series: [
      { name: 'measured', look: 'points', points: places(points) },
      { name: 'projection from one worker', look: 'dashed', points: places(projection) },
      ...(law === null
        ? []
        : [
            {
              name: usl === null ? "Amdahl's law, fitted" : 'Universal Scalability Law, fitted',
              look: 'line' as const,
              points: counts.map((n): Point => [n, speedUpBy(law, n)]),
            },
          ]),
      {
        name: 'ideal',
        look: 'dotted',
        points: [
          [1, 1],
          [most, most],
        ],
      },
    ],
    marks: [],
  };
}
