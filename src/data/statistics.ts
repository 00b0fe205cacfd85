/**
 * Means and variances of a dataset's columns, with the same bits whoever computes them.
 *
 * A chunk is CHUNK_ROWS consecutive slots. Its moments are taken in two passes in float64, in row order; the moments of two
 * parts join by the formula of Chan, Golub & LeVeque ("Updating formulae and a pairwise algorithm for computing sample
 * variances", 1979), along one balanced binary tree over the chunks. So only the rows decide the result.
 */
import { type TableKernels, MOMENT_WORDS as WORDS } from '../kernels/table.js';
import type { Dataset } from './dataset.js';

export const CHUNK_ROWS = 4096;

export interface Moments {
  /** Values that are not missing. */
  readonly count: number;
  readonly missing: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly m2: number;
  /** Infinity where count is 0. */
  readonly min: number;
  /** -Infinity where count is 0. */
  readonly max: number;
}

/** A run of rows that lie together in one piece. */
type VisitRun = (words: Float32Array, start: number, rows: number) => void;

/** Calls `visit` with every contiguous run of rows from .. to (exclusive), in order; `start` is the word where it begins. */
export function forEachRun(dataset: Dataset, from: number, to: number, visit: VisitRun): void {
  forEachPart(dataset, from, to, to - from, visit);
}

/** Words that are walked column by column before the next ones: they stay in the cache meanwhile. */
const TILE_WORDS = 8192;

/** The same in runs that are short enough to be walked once for every column. */
export function forEachTile(dataset: Dataset, from: number, to: number, visit: VisitRun): void {
  forEachPart(dataset, from, to, Math.max(1, Math.floor(TILE_WORDS / dataset.layout.stride)), visit);
}

function forEachPart(
  { pieces, rowsPerPiece, layout }: Dataset,
  from: number,
  to: number,
  most: number,
  visit: VisitRun,
): void {
  for (let row = from; row < to; ) {
    const piece = Math.floor(row / rowsPerPiece);
    const words = new Float32Array(pieces[piece]);
    const pieceStart = piece * rowsPerPiece;
    const pieceEnd = Math.min(to, pieceStart + rowsPerPiece);
    while (row < pieceEnd) {
      const rows = Math.min(most, pieceEnd - row);
      visit(words, (row - pieceStart) * layout.stride, rows);
      row += rows;
    }
  }
}

/**
 * Moments of columns in chunks chunkStart .. chunkEnd (exclusive) of the first `rows` rows.
 *
 * @param columns words of the row
 * @param kernels for its rows; no bit depends on them
 * @returns [chunks, columns, WORDS]
 */
export function chunkMoments(
  dataset: Dataset,
  rows: number,
  columns: readonly number[],
  chunkStart: number,
  chunkEnd: number,
  kernels: TableKernels | null = null,
): Float64Array {
  const size = columns.length * WORDS;
  const out = new Float64Array((chunkEnd - chunkStart) * size);
  const words = Int32Array.from(columns);
  for (let chunk = chunkStart; chunk < chunkEnd; chunk++) {
    const from = chunk * CHUNK_ROWS;
    const to = Math.min(rows, from + CHUNK_ROWS);
    const part = out.subarray((chunk - chunkStart) * size, (chunk - chunkStart + 1) * size);
    if (kernels === null || !liesInOnePiece(dataset, from, to)) oneChunk(dataset, from, to, words, part);
    else forEachRun(dataset, from, to, (of, start, count) => measureRun(kernels, of, start, count, words, part));
  }
  return out;
}

function liesInOnePiece({ rowsPerPiece }: Dataset, from: number, to: number): boolean {
  return Math.floor(from / rowsPerPiece) === Math.floor((to - 1) / rowsPerPiece);
}

function measureRun(
  kernels: TableKernels,
  of: Float32Array,
  start: number,
  rows: number,
  columns: Int32Array,
  out: Float64Array,
): void {
  const moments = kernels.measure(of.buffer as SharedArrayBuffer, start, rows);
  for (const [c, word] of columns.entries()) {
    out.set(moments.subarray(word * WORDS, (word + 1) * WORDS), c * WORDS);
  }
}

function oneChunk(dataset: Dataset, from: number, to: number, columns: Int32Array, out: Float64Array): void {
  const { stride } = dataset.layout;
  for (let c = 0; c < columns.length; c++) {
    out[c * WORDS + 4] = Number.POSITIVE_INFINITY;
    out[c * WORDS + 5] = Number.NEGATIVE_INFINITY;
  }
  forEachTile(dataset, from, to, (words, start, rows) => {
    for (let c = 0; c < columns.length; c++) addSums(words, start + columns[c], rows, stride, out, c * WORDS);
  });
  for (let at = 0; at < out.length; at += WORDS) if (out[at] > 0) out[at + 2] /= out[at];
  forEachTile(dataset, from, to, (words, start, rows) => {
    for (let c = 0; c < columns.length; c++) addSquares(words, start + columns[c], rows, stride, out, c * WORDS);
  });
}

/** First pass over a column: count, sum (in the place of the mean), smallest and largest. */
function addSums(
  words: Float32Array,
  start: number,
  rows: number,
  stride: number,
  out: Float64Array,
  at: number,
): void {
  let missing = 0;
  let sum = out[at + 2];
  let min = out[at + 4];
  let max = out[at + 5];
  const end = start + rows * stride;
  for (let word = start | 0; word < end; word = (word + stride) | 0) {
    const v = words[word];
    if (Number.isNaN(v)) {
      missing = (missing + 1) | 0;
      continue;
    }
    sum += v;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  out[at] += rows - missing;
  out[at + 1] += missing;
  out[at + 2] = sum;
  out[at + 4] = min;
  out[at + 5] = max;
}

/** Second pass: squared deviations from the mean. */
function addSquares(
  words: Float32Array,
  start: number,
  rows: number,
  stride: number,
  out: Float64Array,
  at: number,
): void {
  const mean = out[at + 2];
  let sum = out[at + 3];
  const end = start + rows * stride;
  for (let word = start | 0; word < end; word = (word + stride) | 0) {
    const deviation = words[word] - mean;
    if (!Number.isNaN(deviation)) sum += deviation * deviation;
  }
  out[at + 3] = sum;
}

/**
 * Moments of each column over all chunks.
 *
 * @param parts results of `chunkMoments` for consecutive ranges of chunks, in order
 * @param columns how many columns they are of
 */
export function joinMoments(parts: readonly Float64Array[], columns: number): Moments[] {
  return Array.from({ length: columns }, (_, column) => {
    const chunks = parts.flatMap((part) => {
      const count = part.length / (columns * WORDS);
      return Array.from({ length: count }, (_, chunk) => momentsAt(part, (chunk * columns + column) * WORDS));
    });
    return joinTree(chunks, 0, chunks.length);
  });
}

function momentsAt(words: Float64Array, at: number): Moments {
  const [count, missing, mean, m2, min, max] = words.subarray(at, at + WORDS);
  return { count, missing, mean, m2, min, max };
}

const NONE: Moments = {
  count: 0,
  missing: 0,
  mean: 0,
  m2: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
};

/** Joins chunks start .. end (exclusive): the left subtree is the largest complete one that leaves something to the right. */
function joinTree(chunks: readonly Moments[], start: number, end: number): Moments {
  if (start === end) return NONE;
  if (end - start === 1) return chunks[start];
  let left = 1;
  while (left * 2 < end - start) left *= 2;
  return join(joinTree(chunks, start, start + left), joinTree(chunks, start + left, end));
}

function join(a: Moments, b: Moments): Moments {
  const missing = a.missing + b.missing;
  if (a.count === 0) return { ...b, missing };
  if (b.count === 0) return { ...a, missing };
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    count,
    missing,
    mean: a.mean + (delta * b.count) / count,
    m2: a.m2 + b.m2 + (delta * delta * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** Mean and population standard deviation; a constant column, or one without values, has scale 0. */
export function shiftAndScale({ count, mean, m2, min, max }: Moments): { shift: number; scale: number } {
  if (count === 0) return { shift: 0, scale: 0 };
  return { shift: mean, scale: min === max ? 0 : Math.sqrt(m2 / count) };
}
