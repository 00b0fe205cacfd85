/** The range test as a picture: an SVG for a file, and a sketch in characters for a terminal. Rates on a logarithmic axis. */
import { brief } from '../check/finding.js';
import type { RangeTest } from './range-test.js';

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 64, right: 16, top: 24, bottom: 44 };
/** What lies above so many times the first loss is cut off. */
const CUT = 2;

interface Axes {
  x(rate: number): number;
  y(loss: number): number;
  readonly low: number;
  readonly high: number;
}

/** Maps rates and smoothed losses to [0, 1]; y 0 is the bottom. */
function axes({ points }: RangeTest): Axes {
  const losses = points.map(({ smoothed }) => smoothed);
  const low = Math.min(...losses);
  const high = Math.max(low + 1e-12, Math.min(Math.max(...losses), CUT * losses[0]));
  const [from, to] = [points[0].rate, points[points.length - 1].rate];
  return {
    low,
    high,
    x: (rate) => Math.log(rate / from) / Math.log(to / from),
    y: (loss) => Math.min(1, (loss - low) / (high - low)),
  };
}

/** The curve and the suggestions as lines of text, `columns` wide. Empty for a test without two points. */
export function sketch(test: RangeTest, columns = 64, rows = 12): string {
  if (test.points.length < 2) return '';
  const { x, y, low, high } = axes(test);
  const cells = Array.from({ length: rows }, () => new Array<string>(columns).fill(' '));
  if (test.suggested !== null) {
    const at = Math.round(Math.min(1, Math.max(0, x(test.suggested))) * (columns - 1));
    for (const row of cells) row[at] = '┊';
  }
  for (const { rate, smoothed } of test.points) {
    cells[Math.round((1 - y(smoothed)) * (rows - 1))][Math.round(x(rate) * (columns - 1))] = '•';
  }
  const [first, last] = [test.points[0].rate, test.points[test.points.length - 1].rate];
  const labels = [brief(high), ...new Array<string>(rows - 2).fill(''), brief(low)];
  const lines = cells.map((row, i) => `${labels[i].padStart(9)} │${row.join('').trimEnd()}`);
  const axis = `${brief(first)}${brief(last).padStart(columns - brief(first).length)}`;
  return [...lines, `${' '.repeat(10)}└${'─'.repeat(columns)}`, `${' '.repeat(11)}${axis}`].join('\n');
}

export function rangeSvg(test: RangeTest): string {
  const { x, y, low, high } = axes(test);
  const px = (rate: number): number => MARGIN.left + x(rate) * (WIDTH - MARGIN.left - MARGIN.right);
  const py = (loss: number): number => HEIGHT - MARGIN.bottom - y(loss) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const line = test.points.map(({ rate, smoothed }) => `${px(rate).toFixed(1)},${py(smoothed).toFixed(1)}`).join(' ');
  const text = (at: number, down: number, anchor: string, words: string): string =>
    `<text x="${at.toFixed(1)}" y="${down.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;
  const marks = Object.entries(test.suggestions)
    .filter((entry): entry is [string, number] => entry[1] !== null)
    .filter(([, rate]) => x(rate) >= 0 && x(rate) <= 1)
    .map(([name, rate], i) => {
      const at = px(rate).toFixed(1);
      const bold = rate === test.suggested ? 2 : 1;
      return (
        `<line x1="${at}" x2="${at}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" stroke="#c30" stroke-width="${bold}" stroke-dasharray="4 3"/>` +
        text(px(rate) + 4, MARGIN.top + 12 + 14 * i, 'start', `${LABELS[name]} ${brief(rate)}`)
      );
    });
  const [first, last] = [test.points[0].rate, test.points[test.points.length - 1].rate];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    '<title>Learning-rate range test</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<polyline points="${line}" fill="none" stroke="#036" stroke-width="1.5"/>`,
    ...marks,
    text(MARGIN.left - 6, py(high) + 4, 'end', brief(high)),
    text(MARGIN.left - 6, py(low) + 4, 'end', brief(low)),
    text(MARGIN.left, HEIGHT - 24, 'start', brief(first)),
    text(WIDTH - MARGIN.right, HEIGHT - 24, 'end', brief(last)),
    text(WIDTH / 2, HEIGHT - 8, 'middle', 'learning rate (logarithmic); smoothed loss'),
    '</svg>',
    '',
  ].join('\n');
}

const LABELS: Readonly<Record<string, string>> = {
  steepest: 'steepest',
  belowMinimum: 'a third of the minimum',
  curvature: 'half of what the curvature bears',
};
