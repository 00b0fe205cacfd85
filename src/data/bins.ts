/**
 * The bins that a number is given by (piecewise.ts): their edges are the smallest value, the places where a decision tree of
 * that number alone splits to tell the target, and the largest value. A number that no tree can split has none.
 */
import type { Dataset } from './dataset.js';
import { splitPlaces } from './decision-tree.js';
import { type Bins, binMeans } from './piecewise.js';
import { forEachRun } from './statistics.js';

/** Bins of a number, at most. */
const MOST_BINS = 32;
/** Bins of all numbers together, at most: a wide table must not become a network of inputs. */
const MOST_BINS_TOGETHER = 2048;
/** Rows of a bin, at least: one in so many of all rows, within these bounds. */
const BIN_ROWS = { oneIn: 200, least: 8, most: 64 };

/** How many bins each of so many numbers has, at most. */
export function mostBins(numbers: number): number {
  return Math.min(MOST_BINS, Math.floor(MOST_BINS_TOGETHER / numbers));
}

/**
 * Bins of one number of a dataset of at most 2^20 rows, whose values are standardised.
 *
 * @param number index of the number, and its word in the row
 * @param classes of the target; 0: it is a number
 * @returns null where there would be no more than one bin
 */
export function binsOf(dataset: Dataset, number: number, classes: number): Bins | null {
  const { values, targets } = sortedByValue(dataset, number);
  const rows = values.length;
  const leafRows = Math.max(BIN_ROWS.least, Math.min(BIN_ROWS.most, Math.floor(rows / BIN_ROWS.oneIn)));
  const places = splitPlaces(values, targets, classes, { leaves: mostBins(dataset.layout.numbers), leafRows });
  if (places.length === 0) return null;
  const edges = [values[0], ...places, values[rows - 1]];
  return { edges, means: binMeans(edges, values) };
}

/** Rows of a sort, at most: a row's index shares a float64 with its value. */
const INDICES = 1 << 20;

/** The values of a number that are not missing, ascending, and the target of each; rows of equal values in row order. */
function sortedByValue(dataset: Dataset, number: number): { values: Float32Array; targets: Float32Array } {
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
