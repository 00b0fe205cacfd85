/** The second step of preprocessing, in place: standardises the stored values of a range of rows (see preprocess.ts). */
import type { Dataset } from './dataset.js';
import { type Preprocessing, standardised } from './preprocess.js';
import { forEachRun } from './statistics.js';

export interface ColumnScale {
  /** Word of the row. */
  readonly word: number;
  readonly shift: number;
  readonly scale: number;
  /** Whether a missing value stays NaN, to feed a flag; else it becomes 0, the mean. */
  readonly keepMissing: boolean;
}

/** The columns of a dataset that are standardised: its numbers, and the target of a regression. */
export function columnScales({ numbers, categories, target }: Preprocessing, withTarget: boolean): ColumnScale[] {
  const scales = numbers.map(({ shift, scale, flagged }, word) => ({ word, shift, scale, keepMissing: flagged }));
  if (withTarget && target.task === 'regression') {
    const { shift, scale } = target;
    scales.push({ word: numbers.length + categories.length, shift, scale, keepMissing: false });
  }
  return scales;
}

/** Rows rowStart .. rowEnd (exclusive). */
export function standardiseRows(
  dataset: Dataset,
  columns: readonly ColumnScale[],
  rowStart: number,
  rowEnd: number,
): void {
  const { stride } = dataset.layout;
  const words = Int32Array.from(columns, ({ word }) => word);
  const shifts = Float64Array.from(columns, ({ shift }) => shift);
  const scales = Float64Array.from(columns, ({ scale }) => scale);
  const missing = Float64Array.from(columns, ({ keepMissing }) => (keepMissing ? Number.NaN : 0));
  forEachRun(dataset, rowStart, rowEnd, (data, start, rows) => {
    for (let row = 0; row < rows; row++) {
      const base = start + row * stride;
      for (let c = 0; c < words.length; c++) {
        const v = data[base + words[c]];
        data[base + words[c]] = Number.isNaN(v) ? missing[c] : standardised(v, shifts[c], scales[c]);
      }
    }
  });
}
