/**
 * Speed-up against workers as an SVG, both on logarithmic axes: the ideal line, the projection, the fitted law, and what was
 * measured. Without a library, as the range test's plot (doctor/range-plot.ts).
 */
import { speedUpBy } from './laws.js';
import type { ScalingReport } from './report.js';

const WIDTH = 640;
const HEIGHT = 420;
const MARGIN = { left: 56, right: 16, top: 28, bottom: 48 };
const COLORS = { ideal: '#999', projection: '#c60', fit: '#393', measured: '#036' };
/** Points of a drawn curve, for each doubling. */
const CURVE_STEPS = 8;

interface Point {
  readonly workers: number;
  readonly speedUp: number;
}

export function scalingSvg(report: ScalingReport): string {
  const { points, projection, amdahl, usl, sizes, mode, kernels } = report;
  const most = Math.max(...points.map(({ workers }) => workers), ...projection.map(({ workers }) => workers), 2);
  const least = Math.min(1, ...points.map(({ speedUp }) => speedUp), ...projection.map(({ speedUp }) => speedUp));
  const px = (workers: number): number =>
    MARGIN.left + (Math.log2(workers) / Math.log2(most)) * (WIDTH - MARGIN.left - MARGIN.right);
  const py = (speedUp: number): number => {
    const share = Math.log2(speedUp / least) / Math.log2(most / least);
    return HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom);
  };
  const line = (curve: readonly Point[], color: string, dash: string): string => {
    const path = curve.map(({ workers, speedUp }) => `${px(workers).toFixed(1)},${py(speedUp).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5" stroke-dasharray="${dash}"/>`;
  };
  const text = (at: number, down: number, anchor: string, words: string, color = '#000'): string =>
    `<text x="${at.toFixed(1)}" y="${down.toFixed(1)}" text-anchor="${anchor}" fill="${color}">${words}</text>`;

  const law = usl ?? (amdahl && { contention: amdahl.serial, coherency: 0 });
  const curve = Array.from({ length: Math.ceil(Math.log2(most) * CURVE_STEPS) + 1 }, (_, i) =>
    Math.min(most, 2 ** (i / CURVE_STEPS)),
  );
  const fit = law === null ? [] : curve.map((workers) => ({ workers, speedUp: speedUpBy(law, workers) }));
  const shown = fit.filter(({ speedUp }) => speedUp >= least);
  const lawName = usl === null ? "Amdahl's law, fitted" : 'Universal Scalability Law, fitted';
  const legend: [string, string][] = [
    ['ideal', COLORS.ideal],
    ['projection from one worker', COLORS.projection],
    ...(law === null ? [] : [[lawName, COLORS.fit] as [string, string]]),
    ['measured', COLORS.measured],
  ];
  const ticks: number[] = [];
  for (let n = 1; n <= most; n *= 2) ticks.push(n);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    '<title>Speed-up against workers</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...ticks.flatMap((n) => [
      `<line x1="${px(n).toFixed(1)}" x2="${px(n).toFixed(1)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" stroke="#eee"/>`,
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${py(n).toFixed(1)}" y2="${py(n).toFixed(1)}" stroke="#eee"/>`,
      text(px(n), HEIGHT - MARGIN.bottom + 14, 'middle', String(n)),
      text(MARGIN.left - 6, py(n) + 4, 'end', String(n)),
    ]),
    line(ticks.concat(most).map(identity), COLORS.ideal, '2 3'),
    line(projection, COLORS.projection, '6 3'),
    ...(law === null ? [] : [line(shown, COLORS.fit, 'none')]),
    ...points.map(
      ({ workers, speedUp }) =>
        `<circle cx="${px(workers).toFixed(1)}" cy="${py(speedUp).toFixed(1)}" r="4" fill="${COLORS.measured}"/>`,
    ),
    ...legend.map(([words, color], i) => text(MARGIN.left + 10, MARGIN.top + 14 + 14 * i, 'start', words, color)),
    text(MARGIN.left, 16, 'start', `${sizes.join('-')}, batches of ${points[0].batchSize} rows, ${mode}, ${kernels}`),
    text(WIDTH / 2, HEIGHT - 10, 'middle', 'workers; speed-up over one worker (both logarithmic)'),
    '</svg>',
    '',
  ].join('\n');
}

function identity(workers: number): Point {
  return { workers, speedUp: workers };
}
