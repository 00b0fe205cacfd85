/**
 * Writes decoded rows to their slots in a dataset, tile by tile, each column by its writer (column-writers.ts).
 *
 * Values that cannot be trained on (infinite, beyond float32, a weight that is none) are not thrown but returned: of
 * several workers' findings the first row's is the one to report, whoever found it first.
 */
import type { AddonChoice } from '../kernels/native.js';
import { createTableKernels } from '../kernels/table.js';
import { type ColumnWriter, createWriters, type Run } from './column-writers.js';
import type { Dataset } from './dataset.js';
import type { IndexRange } from './passes.js';
import type { Preprocessing } from './preprocess.js';
import { DROPPED } from './split.js';
import type { RowBatch } from './table.js';

/** What a worker needs to fill its rows; plain data over shared memory. The dataset's layout says which parts it holds. */
export interface FillPlan {
  readonly dataset: Dataset;
  /** Only centres, values and classes are used: shifts and scales are not known yet. */
  readonly preprocessing: Preprocessing;
  /** Row - firstRow -> slot. */
  readonly slots: SharedArrayBuffer;
  /** The row of the file that slots[0] stands for. */
  readonly firstRow: number;
  /** Where kernels for tables are from, if there are any; no bit depends on them. */
  readonly addon?: AddonChoice | null;
  /** Words of the row that are written. Default: all. */
  readonly words?: IndexRange;
}

/** A value that cannot be used, and where it is. */
export interface Problem {
  readonly rule: ColumnWriter['rule'];
  readonly column: string;
  /** Counted in the file, from 0. */
  readonly row: number;
  readonly value: number;
}

/** Rows of all columns are written before the next rows: few enough that what they touch stays in the cache. */
const TILE_WORDS = 65_536;
const MOST_TILE_ROWS = 256;
/** Rows that kernels write at once; they cut tiles for themselves. */
const KERNEL_ROWS = 4096;

/** The columns to read for a plan, in the order that the filler expects. */
export function columnsToFill({ dataset, preprocessing, words }: FillPlan): string[] {
  const { numbers, categories, target, weightColumn } = preprocessing;
  const names = [...numbers, ...categories].map(({ name }) => name);
  if (dataset.layout.targets > 0) names.push(target.name);
  if (dataset.layout.weighted && weightColumn !== null) names.push(weightColumn);
  return [...new Set(names.slice(words?.start, words?.end))]; // the parts of a time come from one column
}

/** The values that the plan has a code for, by column. */
export function valuesToFill({ dataset, preprocessing }: FillPlan): Map<string, readonly string[]> {
  const { categories, target } = preprocessing;
  const known = categories.filter(({ buckets }) => buckets === undefined);
  const values = new Map(known.map(({ name, values }) => [name, values]));
  if (dataset.layout.targets > 0 && target.task !== 'regression') values.set(target.name, target.classes.map(String));
  return values;
}

/** Writes rows rowStart .. rowEnd (exclusive, counted in the file) of a batch; gives the first problem, by row and then column. */
export type Filler = (batch: RowBatch, rowStart: number, rowEnd: number) => Problem | null;

/** A function that writes batches with the columns of `columnsToFill`. */
export function createFiller(plan: FillPlan): Filler {
  const { targets, weighted, stride } = plan.dataset.layout;
  const kernels = createTableKernels(plan.addon ?? null, stride, KERNEL_ROWS);
  const tileRows = kernels ? KERNEL_ROWS : Math.max(1, Math.min(MOST_TILE_ROWS, Math.floor(TILE_WORDS / stride)));
  const runsOf = createRuns(plan, tileRows);
  const order = columnsToFill(plan);
  const writers = createWriters(plan.preprocessing, { target: targets > 0, weight: weighted })
    .map((writer, word): PlacedWriter => ({ ...writer, word, position: order.indexOf(writer.name) }))
    .slice(plan.words?.start, plan.words?.end);
  const forKernels = writers.filter(({ source }) => source !== undefined);
  const others = writers.filter(({ source }) => source === undefined);

  /** Lets kernels write what they can; gives the writers that are left. */
  const writeByKernels = (run: Run, { columns }: RowBatch): readonly PlacedWriter[] => {
    if (kernels === null) return writers;
    const sources = forKernels.map(({ source, word, position }) => ({ word, ...source!(columns[position]) }));
    const piece = run.view.buffer as SharedArrayBuffer;
    return kernels.write(piece, run.rows, run.starts, run.count, sources) ? others : writers;
  };

  return (batch, rowStart, rowEnd) => {
    const end = rowEnd - batch.rowStart;
    for (let tile = rowStart - batch.rowStart; tile < end; tile += tileRows) {
      let problem: Problem | null = null;
      for (const run of runsOf(batch.rowStart, tile, Math.min(end, tile + tileRows))) {
        for (const { name, rule, write, word, position } of writeByKernels(run, batch)) {
          const values = batch.columns[position];
          const refused = write(run, word, values);
          const row = batch.rowStart + refused;
          if (refused < 0 || (problem !== null && problem.row <= row)) continue;
          problem = { rule, column: name, row, value: values.kind === 'number' ? values.values[refused] : Number.NaN };
        }
      }
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** A writer, its word of the row, and its column of a batch. */
interface PlacedWriter extends ColumnWriter {
  readonly word: number;
  readonly position: number;
}

/** A function that gives the runs of rows from .. to (exclusive) of a batch, without those that are dropped. */
function createRuns(
  { dataset, firstRow, ...plan }: FillPlan,
  tileRows: number,
): (rowStart: number, from: number, to: number) => readonly Run[] {
  const { pieces, rowsPerPiece, layout } = dataset;
  const slots = new Uint32Array(plan.slots);
  const shift = 31 - Math.clz32(rowsPerPiece);
  const mask = rowsPerPiece - 1;
  const byPiece = pieces.map(
    (piece): Run => ({
      view: new Float32Array(piece),
      rows: new Int32Array(tileRows),
      starts: new Int32Array(tileRows),
      count: 0,
    }),
  );
  const touched: Run[] = [];
  return (rowStart, from, to) => {
    for (const run of touched) run.count = 0;
    touched.length = 0;
    const at = rowStart - firstRow;
    for (let row = from; row < to; row++) {
      const slot = slots[at + row];
      if (slot === DROPPED) continue;
      const run = byPiece[slot >>> shift];
      if (run.count === 0) touched.push(run);
      run.rows[run.count] = row;
      run.starts[run.count++] = (slot & mask) * layout.stride;
    }
    return touched;
  };
}
