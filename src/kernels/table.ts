/**
 * The kernels of the C addon over rows of a table: write decoded columns, take the moments of columns, standardise them. They do
 * what loops of src/data/ do, with the same bits, a vector of columns at once; where there is no addon, the loops do it.
 */
import { invariant } from '../errors.js';
import { type AddonChoice, CALL_LENGTH, KERNEL, loadAddon, type RunKernel } from './native.js';

/** float64 words of a column's moments: count, missing, mean, M2, min, max. */
export const MOMENT_WORDS = 6;
/** float64 words of how a column is standardised: shift, scale, and what stands for a missing value. */
export const STANDARD_WORDS = 3;
/** Columns that one call writes. */
const MOST_COLUMNS = 64;
/** Rows are at least a vector wide. */
const LEAST_STRIDE = 8;

/** A decoded column on its way into rows. */
export interface SourceColumn {
  /** Of the row. */
  readonly word: number;
  /** Numbers, of which `centre` is subtracted; or codes. */
  readonly values: Float64Array | Float32Array | Int32Array;
  readonly centre: number;
  /** What becomes of codes of 0 and above. */
  readonly recoded: Int32Array | undefined;
}

/** Rows of one piece of a table; `start` is the word where the first begins. */
export interface TableKernels {
  /** Words 6 c … of the result are the moments of column c. It is used again by the next call. */
  measure(piece: SharedArrayBuffer, start: number, rows: number): Float64Array;
  /** @param columns [stride, STANDARD_WORDS] */
  standardise(piece: SharedArrayBuffer, start: number, rows: number, columns: Float64Array): void;
  /**
   * Writes row rows[i] of every column to the row that begins at word starts[i], for i below `count`.
   *
   * @returns whether no number became infinite
   */
  write(
    piece: SharedArrayBuffer,
    rows: Int32Array,
    starts: Int32Array,
    count: number,
    columns: readonly SourceColumn[],
  ): boolean;
}

/**
 * The kernels for rows of so many words; null where there are none.
 *
 * @param most rows of one `write`
 */
export function createTableKernels(addon: AddonChoice | null, stride: number, most = 0): TableKernels | null {
  if (addon === null || stride < LEAST_STRIDE) return null;
  const bind = loadAddon(addon.path)[addon.instructionSet];
  invariant(bind !== undefined, `${addon.path} has no kernels for ${addon.instructionSet}`);
  const columnWords = Math.max(stride * MOMENT_WORDS, 2 * MOST_COLUMNS + 1);
  const memory = new SharedArrayBuffer(8 * columnWords + 8 * most);
  const numbers = new Float64Array(memory, 0, columnWords);
  const moments = numbers.subarray(0, stride * MOMENT_WORDS);
  const rowsAt = 8 * columnWords;
  const startsAt = rowsAt + 4 * most;
  const call = new Float64Array(new SharedArrayBuffer(8 * CALL_LENGTH));
  const bound = new Map<SharedArrayBuffer, RunKernel>();
  const runFor = (piece: SharedArrayBuffer): RunKernel => {
    let run = bound.get(piece);
    if (run === undefined) {
      run = bind(new Float32Array(memory), call, new Float32Array(piece));
      bound.set(piece, run);
    }
    return run;
  };
  const overRows = (kernel: number, piece: SharedArrayBuffer, start: number, rows: number): void => {
    call.set([kernel, 4 * start, rows, stride, 0]);
    runFor(piece)();
  };

  return {
    measure(piece, start, rows) {
      for (let at = 0; at < moments.length; at += MOMENT_WORDS) {
        moments.fill(0, at, at + 4);
        moments[at + 4] = Number.POSITIVE_INFINITY;
        moments[at + 5] = Number.NEGATIVE_INFINITY;
      }
      overRows(KERNEL.measureRows, piece, start, rows);
      return moments;
    },
    standardise(piece, start, rows, columns) {
      numbers.set(columns);
      overRows(KERNEL.standardiseRows, piece, start, rows);
    },
    write(piece, rows, starts, count, columns) {
      new Int32Array(memory, rowsAt, count).set(rows.subarray(0, count));
      new Int32Array(memory, startsAt, count).set(starts.subarray(0, count));
      const run = runFor(piece);
      for (let from = 0; from < columns.length; from += MOST_COLUMNS) {
        const some = columns.slice(from, from + MOST_COLUMNS);
        for (const [i, { word, centre }] of some.entries()) {
          numbers[2 * i] = word;
          numbers[2 * i + 1] = centre;
        }
        call.set([KERNEL.writeColumns, count, rowsAt, startsAt, stride, 0]);
        run(some.flatMap(({ values, recoded }) => [values, recoded]));
        if (numbers[2 * some.length] !== 0) return false;
      }
      return true;
    },
  };
}
