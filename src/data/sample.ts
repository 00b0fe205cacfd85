/**
 * A sample of the training rows, for what needs values side by side: quartiles and bins. It is all of them while they are
 * few; beyond, places drawn by the seed. Which rows it holds follows from their number, their length and the seed alone, never
 * from where they are kept.
 */
import { createPermutation } from '../random/permutation.js';
import { PURPOSE } from '../random/philox.js';
import { allocateDataset, type Dataset, type RowLayout } from './dataset.js';
import { forEachRun } from './statistics.js';

/** What decides how many rows are looked at; other values than SAMPLE_SIZES are for tests. */
export interface SampleSizes {
  /** Rows of so many bytes together, or fewer, are in memory all the time: quartiles are those of all of them. */
  readonly wholeBytes: number;
  /** Rows of a sample, at most. */
  readonly rows: number;
  /** Bytes of a sample, at most. */
  readonly bytes: number;
}

/** Part of the format: they decide bits. A quantile of 2^17 rows is off by a share of 0.0014 of all rows, typically. */
export const SAMPLE_SIZES: SampleSizes = { wholeBytes: 1 << 28, rows: 1 << 17, bytes: 1 << 26 };

/** How many of the training rows a sample holds. */
export function sampleRows(trainRows: number, { stride }: RowLayout, { rows, bytes }: SampleSizes): number {
  return Math.min(trainRows, rows, Math.max(1, Math.floor(bytes / (4 * stride))));
}

/** Whether quartiles are taken of all training rows, and not of the sample. */
export function isWhole(trainRows: number, { stride }: RowLayout, { wholeBytes }: SampleSizes): boolean {
  return 4 * stride * trainRows <= wholeBytes;
}

/** An empty sample; plain data over shared memory. */
export interface Sample {
  /** [rows] of the dataset: slots of training rows, ascending. */
  readonly slots: SharedArrayBuffer;
  /** In one piece. */
  readonly dataset: Dataset;
}

export function createSample(trainRows: number, rows: number, layout: RowLayout, seed: number): Sample {
  const slots = new SharedArrayBuffer(4 * rows);
  const chosen = new Uint32Array(slots);
  createPermutation(trainRows, seed, PURPOSE.sample, 0).fill(chosen, 0, rows);
  chosen.sort();
  return { slots, dataset: allocateDataset(rows, layout) };
}

/**
 * Copies those rows of the sample that are among rows 0 .. rows of a dataset.
 *
 * @param firstSlot the slot of its row 0
 */
export function takeSample({ slots, dataset }: Sample, from: Dataset, rows: number, firstSlot: number): void {
  const { stride } = dataset.layout;
  const wanted = new Uint32Array(slots);
  const sample = new Float32Array(dataset.pieces[0]);
  let next = lowerBound(wanted, firstSlot);
  let slot = firstSlot;
  forEachRun(from, 0, rows, (words, start, length) => {
    for (; next < wanted.length && wanted[next] < slot + length; next++) {
      const at = start + (wanted[next] - slot) * stride;
      sample.set(words.subarray(at, at + stride), next * stride);
    }
    slot += length;
  });
}

/** The first place whose value is not below `value`. */
function lowerBound(ascending: Uint32Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
