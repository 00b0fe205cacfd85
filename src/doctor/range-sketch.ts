/** The range test as a sketch in characters, for a terminal. Rates on a logarithmic axis. */
import { brief } from '../check/finding.js';
import type { RangePoint, RangeTest } from './range-test.js';

/** What lies above so many times the first loss is cut off. */
const CUT = 2;

/** The losses that a picture shows, of a test with points. */
export function lossRange(points: readonly RangePoint[]): { readonly low: number; readonly high: number } {
  const losses = points.map(({ probe }) => probe);
  const low = Math.min(...losses);
  return { low, high: Math.max(low + 1e-12, Math.min(Math.max(...losses), CUT * losses[0])) };
}

/** The curve and the suggestion as lines of text, `columns` wide. Empty for a test without two points. */
export function sketch({ points, suggested }: RangeTest, columns = 64, rows = 12): string {
  if (points.length < 2) return '';
  const { low, high } = lossRange(points);
  const [first, last] = [points[0].rate, points[points.length - 1].rate];
  const column = (rate: number): number => {
    const share = Math.log(rate / first) / Math.log(last / first);
    return Math.round(Math.min(1, Math.max(0, share)) * (columns - 1));
  };
  const cells = Array.from({ length: rows }, () => new Array<string>(columns).fill(' '));
  if (suggested !== null) for (const row of cells) row[column(suggested)] = '┊';
  for (const { rate, probe } of points) {
    const height = Math.min(1, (probe - low) / (high - low));
    cells[Math.round((1 - height) * (rows - 1))][column(rate)] = '•';
  }
  const labels = [brief(high), ...new Array<string>(rows - 2).fill(''), brief(low)];
  const lines = cells.map((row, i) => `${labels[i].padStart(9)} │${row.join('').trimEnd()}`);
  const axis = `${brief(first)}${brief(last).padStart(columns - brief(first).length)}`;
  return [...lines, `${' '.repeat(10)}└${'─'.repeat(columns)}`, `${' '.repeat(11)}${axis}`].join('\n');
}
