/** Lists of column names as people give them. */
import type { Column } from '../data/table.js';

/**
 * Reads lists of column names: a name that a column (or a column of vectors) bears is that column, commas and all; any other is split at its commas.
 * Whether what comes out exists is left to whoever looks the columns up, who knows what they are for.
 *
 * @param given names, or undefined where the option was not given
 * @example
 * splitColumnNames(['a,b', 'x, y'], [{ name: 'x, y' … }]) // ['a', 'b', 'x, y']
 */
export function splitColumnNames(
  given: readonly string[] | undefined,
  columns: readonly Pick<Column, 'name' | 'vector'>[],
): string[] | undefined {
  const known = new Set(columns.flatMap(({ name, vector }) => (vector === undefined ? [name] : [name, vector])));
  return given?.flatMap((name) => (known.has(name) ? [name] : name.split(',').map((part) => part.trim())));
}
