/** The values of one number of a dataset in ascending order, with the targets of their rows: what bins and telling values are made of. */
import type { Dataset } from './dataset.js';
import { forEachRun } from './statistics.js';

export interface SortedNumber {
  /** Those that are not missing, ascending. */
  readonly values: Float32Array;
  /** Of the same rows. */
  readonly targets: Float32Array;
}

/** Rows of a sort, at most: a row's index shares a float64 with its value. */
const INDICES = 1 << 20;

/**
 * Sorts one number; rows of equal values stay in row order.
 *
 * @param dataset of at most 2^20 rows
 * @param number index of the number, and its word in the row
 */
export function sortedByValue(dataset: Dataset, number: number): SortedNumber {
  const { numbers, categories, stride } = dataset.layout;
  const target = numbers + categories.length;
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  const keys = new Float64Array(dataset.rows);
  const unsorted = { values: new Float32Array(dataset.rows), targets: new Float32Array(dataset.rows) };
  let rows = 0;
  forEachRun(dataset, 0, dataset.rows, (words, start, length) => {
    for (let row = 0, at = start; row < length; row++, at += stride) {
      value[0] = words[at + number];
      if (Number.isNaN(value[0])) continue;
      unsorted.values[rows] = value[0];
      unsorted.targets[rows] = words[at + target];
      // The bits of a float32 as a whole number that ascends with it, then the row: exact below 2^53.
      const ascending = (bits[0] & 0x8000_0000 ? ~bits[0] : bits[0] | 0x8000_0000) >>> 0;
      keys[rows] = ascending * INDICES + rows++;
    }
  });
  const values = new Float32Array(rows);
  const targets = new Float32Array(rows);
  keys.subarray(0, rows).sort();
  for (let i = 0; i < rows; i++) {
    const row = keys[i] % INDICES;
    values[i] = unsorted.values[row];
    targets[i] = unsorted.targets[row];
  }
  return { values, targets };
}
