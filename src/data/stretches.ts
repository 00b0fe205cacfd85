/**
 * Stretches: the runs of consecutive table rows that are spooled one at a time. Each is decoded into a small staging dataset,
 * its training rows first and its held-out rows after them, which is two runs of slots, and so two writes.
 *
 * A stretch ends where the training rows so far are a whole number of chunks, so that chunks are never torn: their moments
 * are those that the dataset in memory would give, bit by bit.
 */
import type { AddonChoice } from '../kernels/native.js';
import { createTableKernels } from '../kernels/table.js';
import type { Dataset } from './dataset.js';
import { type Sample, takeSample } from './sample.js';
import { DROPPED } from './split.js';
import { type SpoolPlace, spoolError, writeFully } from './spool-file.js';
import { CHUNK_ROWS, chunkMoments, forEachRun } from './statistics.js';

/** Consecutive slots. */
export interface SlotRun {
  readonly start: number;
  readonly rows: number;
}

export interface Stretch {
  /** First row of the table, inclusive. */
  readonly rowStart: number;
  /** Last row, exclusive. */
  readonly rowEnd: number;
  readonly train: SlotRun;
  readonly held: SlotRun;
}

/**
 * Cuts the rows of a table into stretches; the last one takes what is left.
 *
 * @param slots of the rows, from `firstRow`
 * @param trainRows slots below this are training rows
 * @param heldStart the first slot of the held-out rows among them
 * @param rows kept rows of a stretch, at least
 */
export function cutStretches(
  slots: Uint32Array,
  firstRow: number,
  trainRows: number,
  heldStart: number,
  rows: number,
): Stretch[] {
  const stretches: Stretch[] = [];
  let rowStart = 0;
  let train = { start: 0, rows: 0 };
  let held = { start: heldStart, rows: 0 };
  const cut = (rowEnd: number): void => {
    stretches.push({ rowStart: firstRow + rowStart, rowEnd: firstRow + rowEnd, train, held });
    train = { start: train.start + train.rows, rows: 0 };
    held = { start: held.start + held.rows, rows: 0 };
    rowStart = rowEnd;
  };
  for (let row = 0; row < slots.length; row++) {
    if (slots[row] === DROPPED) continue;
    if (slots[row] < trainRows) train.rows++;
    else held.rows++;
    if (train.rows + held.rows >= rows && train.rows % CHUNK_ROWS === 0) cut(row + 1);
  }
  if (rowStart < slots.length) cut(slots.length);
  return stretches;
}

/** Writes the slots that the rows of a stretch have in the staging dataset. */
export function placeInStaging(
  { rowStart, rowEnd, train, held }: Stretch,
  slots: Uint32Array,
  firstRow: number,
  out: Uint32Array,
): void {
  const heldOffset = held.start - train.rows;
  for (let row = rowStart; row < rowEnd; row++) {
    const slot = slots[row - firstRow];
    if (slot === DROPPED) out[row - rowStart] = DROPPED;
    else out[row - rowStart] = slot - (slot < held.start ? train.start : heldOffset);
  }
}

export interface StoreTask {
  readonly place: SpoolPlace;
  /** The staging dataset, filled. */
  readonly dataset: Dataset;
  readonly stretch: Stretch;
  /** Words of the row whose moments are wanted. */
  readonly columns: readonly number[];
  /** Receives its share of the training rows, if one is wanted. */
  readonly sample: Sample | null;
  /** Where kernels for tables are from, if there are any. */
  readonly addon: AddonChoice | null;
}

/**
 * Writes a filled stretch to its place in the spool file.
 *
 * @returns the moments of its chunks, for `joinMoments`
 * @throws ParagradError `disk_full` or `not_writable`
 */
export function storeStretch({ place, dataset, stretch, columns, sample, addon }: StoreTask): Float64Array {
  const { train, held } = stretch;
  const kernels = createTableKernels(addon, dataset.layout.stride);
  const moments = chunkMoments(dataset, train.rows, columns, 0, Math.ceil(train.rows / CHUNK_ROWS), kernels);
  if (sample) takeSample(sample, dataset, train.rows, train.start);
  try {
    writeRows(place.fd, dataset, 0, train);
    writeRows(place.fd, dataset, train.rows, held);
  } catch (cause) {
    throw spoolError(cause, place);
  }
  return moments;
}

function writeRows(fd: number, dataset: Dataset, from: number, { start, rows }: SlotRun): void {
  const rowBytes = 4 * dataset.layout.stride;
  let position = start * rowBytes;
  forEachRun(dataset, from, from + rows, (words, at, count) => {
    const bytes = new Uint8Array(words.buffer, 4 * at, count * rowBytes);
    writeFully(fd, bytes, position);
    position += bytes.length;
  });
}
