/**
 * Median and quartiles of a dataset's columns: exact order statistics of the values that are not missing, so nothing but the
 * rows decides them. Between two of them the value is interpolated linearly, as NumPy's `quantile` does by default
 * (definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages", 1996).
 */
import type { Dataset } from './dataset.js';
import { select } from './select.js';
import { forEachRun } from './statistics.js';

/** Each 0 where there is no value. */
export interface Quartiles {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/**
 * Quartiles of one column of the first `rows` rows.
 *
 * @param word of the row
 */
export function quartilesOf(dataset: Dataset, rows: number, word: number): Quartiles {
  const values = columnValues(dataset, rows, word);
  if (values.length === 0) return { low: 0, median: 0, high: 0 };
  let placed = 0;
  /** Values before `placed` are in their places as far as later shares go, which ascend. */
  const quantile = (share: number): number => {
    const place = share * (values.length - 1);
    const below = Math.floor(place);
    const above = Math.min(values.length - 1, below + 1);
    select(values, below, placed);
    select(values, above, below);
    placed = below;
    return values[below] + (values[above] - values[below]) * (place - below);
  };
  return { low: quantile(0.25), median: quantile(0.5), high: quantile(0.75) };
}

/** The values of a column that are not missing, in row order. */
function columnValues(dataset: Dataset, rows: number, word: number): Float32Array {
  const { stride } = dataset.layout;
  const values = new Float32Array(rows);
  let count = 0;
  forEachRun(dataset, 0, rows, (words, start, length) => {
    for (let row = 0, at = start + word; row < length; row++, at += stride) {
      if (!Number.isNaN(words[at])) values[count++] = words[at];
    }
  });
  return values.subarray(0, count);
}
