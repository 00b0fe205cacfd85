/** Whether rows in a table of their own, to validate or test by, are of the kind that is trained on, and others than those. */
import { brief, type Finding } from '../check/finding.js';
import type { SampledColumn } from './column-sample.js';
import { chanceDistance, ksDistance, shareDistance } from './distribution.js';
import type { Say } from './table-question.js';

/** Distance of two distributions from which a network has learned something else; of 0 to 1. */
const APART = 0.3;
/** Share of the held-out rows that were trained on from which it is no chance, where a column has many values. */
const KNOWN = 0.2;
const MANY_VALUES = { least: 30, share: 0.02 };

export interface HeldOutTable {
  /** For people: `validation` or `test`. */
  readonly role: string;
  /** In the order of those that are trained on. */
  readonly columns: readonly SampledColumn[];
}

/** @param trained features, then the target */
export function heldOutFindings(trained: readonly SampledColumn[], held: HeldOutTable, say: Say): Finding[] {
  return [...shifted(trained, held, say), ...known(trained, held, say)];
}

function shifted(trained: readonly SampledColumn[], { role, columns }: HeldOutTable, say: Say): Finding[] {
  const apart = trained
    .map((column, i) => ({ column, other: columns[i], distance: distance(column, columns[i]) }))
    .filter(({ distance: d }) => d > APART)
    .toSorted((a, b) => b.distance - a.distance);
  if (apart.length === 0) return [];
  const [{ column, other, distance: most }] = apart;
  const typical =
    column.kind === 'number' && other.kind === 'number'
      ? `, median ${brief(median(column.values))} in training and ${brief(median(other.values))} there`
      : '';
  return [
    say(
      'held_out_differs',
      'warning',
      `${apart.length} of ${trained.length} columns of the ${role} rows are distributed otherwise than those to train on; most of all ${JSON.stringify(column.name)} (distance ${most.toFixed(2)} of 1${typical})`,
      'the rows come from elsewhere, from another time, or in other units: scores on them are not those of what was learned',
      'Look at both tables; if the rows are meant to differ, expect scores that do.',
      { role, column: column.name, distance: most, columns: apart.length },
    ),
  ];
}

/** Beyond chance; else 0. */
function distance(a: SampledColumn, b: SampledColumn): number {
  if (a.kind === 'number' && b.kind === 'number') {
    const [x, y] = [a, b].map(({ values }) => values.filter(Number.isFinite).sort());
    if (x.length === 0 || y.length === 0) return 0;
    const apart = ksDistance(x, y);
    return apart > chanceDistance(x.length, y.length) ? apart : 0;
  }
  if (a.kind !== 'category' || b.kind !== 'category') return 1;
  const names = [...new Set([...a.values, ...b.values])];
  const [x, y] = [sharesOf(a, names), sharesOf(b, names)];
  const rows = Math.min(a.codes.length, b.codes.length);
  // By chance, shares of many categories differ by about sqrt(categories / rows).
  return Math.max(0, shareDistance(x, y) - Math.sqrt(names.length / rows));
}

function sharesOf({ codes, values }: SampledColumn & { kind: 'category' }, names: readonly string[]): number[] {
  const counts = new Array<number>(values.length).fill(0);
  for (const code of codes) if (code >= 0) counts[code]++;
  const total = Math.max(
    1,
    counts.reduce((sum, n) => sum + n, 0),
  );
  return names.map((name) => {
    const code = values.indexOf(name);
    return code < 0 ? 0 : counts[code] / total;
  });
}

function known(trained: readonly SampledColumn[], { role, columns }: HeldOutTable, say: Say): Finding[] {
  const seen = new Set<string>();
  const rows = rowsOf(trained);
  for (let r = 0; r < rows; r++) seen.add(rowText(trained, r));
  // Of tables with few possible rows, copies are to be expected.
  const distinct = Math.max(...trained.map((column) => (column.kind === 'number' ? new Set(column.values).size : 0)));
  if (distinct < Math.max(MANY_VALUES.least, MANY_VALUES.share * rows)) return [];
  const held = rowsOf(columns);
  let copies = 0;
  for (let r = 0; r < held; r++) if (seen.has(rowText(columns, r))) copies++;
  if (copies < KNOWN * held) return [];
  return [
    say(
      'duplicate_rows',
      'warning',
      `${copies} of ${held} ${role} rows are among those to train on, target included`,
      'they are scored on what was learned by heart: scores are far better than they will be on new rows',
      'Leave those rows out of one of the tables.',
      { role, copies, rows: held },
    ),
  ];
}

const rowsOf = ([column]: readonly SampledColumn[]): number =>
  column.kind === 'number' ? column.values.length : column.codes.length;

function rowText(columns: readonly SampledColumn[], row: number): string {
  return columns
    .map((column) => (column.kind === 'number' ? column.values[row] : (column.values[column.codes[row]] ?? '')))
    .join('\u0000');
}

function median(values: Float64Array): number {
  const sorted = values.filter(Number.isFinite).sort();
  return sorted[sorted.length >> 1];
}
