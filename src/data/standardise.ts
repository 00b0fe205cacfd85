/** The second step of preprocessing, in place: standardises the stored values of a range of rows (see preprocess.ts). */
import { STANDARD_WORDS, type TableKernels } from '../kernels/table.js';
import type { Dataset } from './dataset.js';
import { clipped, type Preprocessing, standardised } from './preprocess.js';
import { forEachRun, forEachTile } from './statistics.js';

export interface ColumnScale {
  /** Word of the row. */
  readonly word: number;
  readonly shift: number;
  readonly scale: number;
  /** See preprocess.ts; absent: not clipped. */
  readonly clip?: number | undefined;
  /** Whether a missing value stays NaN, for the gather to see; else it becomes 0. */
  readonly keepMissing: boolean;
}

/** The columns of a dataset that are standardised: its numbers, and the target of a regression. */
export function columnScales({ numbers, categories, target }: Preprocessing, withTarget: boolean): ColumnScale[] {
  const scales: ColumnScale[] = numbers.map(({ shift, scale, clip, flagged, bins, values }, word) => {
    return { word, shift, scale, clip, keepMissing: flagged || bins !== undefined || values !== undefined };
  });
  if (withTarget && target.task === 'regression') {
    const { shift, scale } = target;
    scales.push({ word: numbers.length + categories.length, shift, scale, keepMissing: false });
  }
  return scales;
}

/**
 * Rows rowStart .. rowEnd (exclusive).
 *
 * @param kernels for them; no bit depends on them
 */
export function standardiseRows(
  dataset: Dataset,
  columns: readonly ColumnScale[],
  rowStart: number,
  rowEnd: number,
  kernels: TableKernels | null = null,
): void {
  const { stride } = dataset.layout;
  const plain = kernels === null ? [] : columns.filter(isPlain);
  if (kernels !== null && plain.length > 0) {
    const scales = scalesOf(plain, stride);
    forEachRun(dataset, rowStart, rowEnd, (words, start, rows) =>
      kernels.standardise(words.buffer as SharedArrayBuffer, start, rows, scales),
    );
  }
  const others = kernels === null ? columns : columns.filter((column) => !isPlain(column));
  if (others.length === 0) return;
  forEachTile(dataset, rowStart, rowEnd, (words, start, rows) => {
    for (const column of others) standardiseColumn(words, start + column.word, rows, stride, column);
  });
}

function isPlain({ clip, scale }: ColumnScale): boolean {
  return clip === undefined && scale !== 0;
}

/** Of every word of a row; those of other columns stay as they are. */
function scalesOf(columns: readonly ColumnScale[], stride: number): Float64Array {
  const scales = new Float64Array(stride * STANDARD_WORDS);
  for (let word = 0; word < stride; word++) scales.set([0, 1, Number.NaN], word * STANDARD_WORDS);
  for (const { word, shift, scale, keepMissing } of columns) {
    scales.set([shift, scale, keepMissing ? Number.NaN : 0], word * STANDARD_WORDS);
  }
  return scales;
}

function standardiseColumn(
  words: Float32Array,
  start: number,
  rows: number,
  stride: number,
  { shift, scale, clip, keepMissing }: ColumnScale,
): void {
  const missing = keepMissing ? Number.NaN : 0;
  const end = start + rows * stride;
  if (clip === undefined && scale !== 0) {
    // `standardised` written out: two thirds of the time of a loop that calls it.
    for (let word = start | 0; word < end; word = (word + stride) | 0) {
      const v = words[word];
      words[word] = Number.isNaN(v) ? missing : (v - shift) / scale;
    }
    return;
  }
  for (let word = start; word < end; word += stride) {
    const v = words[word];
    if (Number.isNaN(v)) words[word] = missing;
    else words[word] = clip === undefined ? standardised(v, shift, scale) : clipped(v, shift, scale, clip);
  }
}
