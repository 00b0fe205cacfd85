/**
 * How many columns are read at once. What decodes a block (DuckDB, a row group) holds the columns that it was asked for, whole:
 * hundreds of them are more memory, which takes longer to get than it does to read the rows several times, some columns each.
 */
import type { Table } from './table.js';

/** Bytes of the columns of a block that are read at once, as float64, about. */
const PASS_BYTES = 1 << 26;

/** Indices from `start` to `end` (exclusive). */
export interface IndexRange {
  readonly start: number;
  readonly end: number;
}

/** Cuts `count` columns into passes over the rows of a table, of about the same number of columns. */
export function cutPasses({ blocks }: Table, count: number): IndexRange[] {
  const rows = blocks.reduce((most, { rowStart, rowEnd }) => Math.max(most, rowEnd - rowStart), 1);
  const passes = Math.ceil((8 * rows * count) / PASS_BYTES);
  const size = Math.max(1, Math.ceil(count / passes));
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    return { start: i * size, end: Math.min(count, (i + 1) * size) };
  });
}
