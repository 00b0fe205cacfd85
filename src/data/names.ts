/** Finding a column by name, and what to say when there is none: the names that were probably meant. */
import { ParagradError } from '../errors.js';
import type { Column, Table } from './table.js';

/** Names listed in a hint, at most. */
const LISTED = 3;
/** Columns of a table that are listed, at most. */
const LISTED_COLUMNS = 10;

/**
 * The column of a table with this name.
 *
 * @param role why it is needed, for the message, e.g. `the target`
 * @throws ParagradError `unknown_column`, with the nearest names
 */
export function findColumn(table: Table, name: string, role?: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  const near = nearestNames(
    name,
    table.columns.map((candidate) => candidate.name),
  );
  throw new ParagradError(
    'unknown_column',
    `${table.location} has no column ${JSON.stringify(name)}${role === undefined ? '' : ` (${role})`}`,
    { hint: near.length > 0 ? `Did you mean ${listNames(near, 'or')}?` : `Its columns are ${listColumns(table)}.` },
  );
}

/** The names nearest to a misspelt one, if they are near enough to be meant. */
export function nearestNames(name: string, names: readonly string[]): string[] {
  const distances = names.map((candidate) => editDistance(name.toLowerCase(), candidate.toLowerCase()));
  const nearest = Math.min(...distances);
  if (nearest > Math.max(2, Math.floor(name.length / 3)) || nearest >= name.length) return [];
  return names.filter((_, i) => distances[i] === nearest).slice(0, LISTED);
}

/** `"a"`, `"a" or "b"`, `"a", "b" or "c"`. */
export function listNames(names: readonly string[], conjunction: 'and' | 'or'): string {
  const quoted = names.map((name) => JSON.stringify(name));
  if (quoted.length < 2) return quoted.join('');
  return `${quoted.slice(0, -1).join(', ')} ${conjunction} ${quoted[quoted.length - 1]}`;
}

/** `a, b, c and 4 more`. */
export function listSome(items: readonly string[], most: number): string {
  const more = items.length - most;
  return items.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function listColumns({ columns }: Table): string {
  return listSome(
    columns.map(({ name }) => JSON.stringify(name)),
    LISTED_COLUMNS,
  );
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours between two strings: the "optimal string alignment"
 * distance (Damerau, 1964; no substring edited twice).
 */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substituted, previous[j] + 1, current[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, beforePrevious[j - 2] + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length];
}
