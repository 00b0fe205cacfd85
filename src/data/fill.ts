/**
 * Writes decoded rows to their slots in a dataset: numbers as `centred` float32, categories and classes as global codes.
 *
 * Values that cannot be trained on (infinite, beyond float32, a weight that is none) are not thrown but returned: of
 * several workers' findings the first row's is the one to report, whoever found it first.
 */
import { bucketOf } from './buckets.js';
import type { Dataset } from './dataset.js';
import { centred, type Preprocessing } from './preprocess.js';
import { DROPPED } from './split.js';
import type { CategoryValues, NumberValues, RowBatch } from './table.js';
import { takePart } from './times.js';

/** What a worker needs to fill its rows; plain data over shared memory. The dataset's layout says which parts it holds. */
export interface FillPlan {
  readonly dataset: Dataset;
  /** Only centres, values and classes are used: shifts and scales are not known yet. */
  readonly preprocessing: Preprocessing;
  /** Row - firstRow -> slot. */
  readonly slots: SharedArrayBuffer;
  /** The row of the file that slots[0] stands for. */
  readonly firstRow: number;
}

/** A value that cannot be used, and where it is. */
export interface Problem {
  readonly rule: 'number' | 'weight';
  readonly column: string;
  /** Counted in the file, from 0. */
  readonly row: number;
  readonly value: number;
}

/** Rows of all columns written before the next rows: what they touch stays in the cache. */
const TILE_ROWS = 256;

/** The columns to read for a plan, in the order that the filler expects. */
export function columnsToFill({ dataset, preprocessing }: FillPlan): string[] {
  const { numbers, categories, target, weightColumn } = preprocessing;
  const names = [...numbers, ...categories].map(({ name }) => name);
  if (dataset.layout.targets > 0) names.push(target.name);
  if (dataset.layout.weighted && weightColumn !== null) names.push(weightColumn);
  return [...new Set(names)]; // the parts of a time come from one column
}

/** The values that the plan has a code for, by column. */
export function valuesToFill({ dataset, preprocessing }: FillPlan): Map<string, readonly string[]> {
  const { categories, target } = preprocessing;
  const known = categories.filter(({ buckets }) => buckets === undefined);
  const values = new Map(known.map(({ name, values }) => [name, values]));
  if (dataset.layout.targets > 0 && target.task !== 'regression') values.set(target.name, target.classes.map(String));
  return values;
}

/** Where the cells of a dataset are: row `slot`, word `word` is views[slot >>> shift][(slot & mask) * stride + word]. */
interface Cells {
  readonly views: readonly Float32Array[];
  readonly shift: number;
  readonly mask: number;
  readonly stride: number;
}

/** Rows [from, to) of a batch, whose slots begin at slots[at] (for the batch's first row). */
interface Rows {
  slots: Uint32Array;
  at: number;
  from: number;
  to: number;
}

/** Writes a column's rows; gives the first row of the batch that holds a value it refuses, or -1. */
type Write = (cells: Cells, word: number, values: NumberValues | CategoryValues, rows: Rows) => number;

interface ColumnWriter {
  readonly name: string;
  readonly rule: Problem['rule'];
  readonly write: Write;
}

/** A function that writes batches with the columns of `columnsToFill`; it gives the first problem, by row and then column. */
export function createFiller(plan: FillPlan): (batch: RowBatch) => Problem | null {
  const { dataset, firstRow } = plan;
  const cells: Cells = {
    views: dataset.pieces.map((piece) => new Float32Array(piece)),
    shift: 31 - Math.clz32(dataset.rowsPerPiece),
    mask: dataset.rowsPerPiece - 1,
    stride: dataset.layout.stride,
  };
  const writers = createWriters(plan);
  const order = columnsToFill(plan);
  const positions = writers.map(({ name }) => order.indexOf(name));
  const rows: Rows = { slots: new Uint32Array(plan.slots), at: 0, from: 0, to: 0 };
  return (batch) => {
    rows.at = batch.rowStart - firstRow;
    for (let tile = 0; tile < batch.rows; tile += TILE_ROWS) {
      rows.from = tile;
      rows.to = Math.min(batch.rows, tile + TILE_ROWS);
      let problem: Problem | null = null;
      for (let word = 0; word < writers.length; word++) {
        const { name, rule, write } = writers[word];
        const values = batch.columns[positions[word]];
        const refused = write(cells, word, values, rows);
        const row = batch.rowStart + refused;
        if (refused < 0 || (problem !== null && problem.row <= row)) continue;
        problem = { rule, column: name, row, value: values.kind === 'number' ? values.values[refused] : Number.NaN };
      }
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** One writer a column, in the order of a row's words (see dataset.ts). */
function createWriters({ dataset, preprocessing }: FillPlan): ColumnWriter[] {
  const { numbers, categories, target, weightColumn } = preprocessing;
  const writers = [
    ...numbers.map(({ name, part, centre }) =>
      part === undefined ? numberWriter(name, centre) : partWriter(name, takePart(part), centre),
    ),
    ...categories.map(({ name, values, buckets }) =>
      buckets === undefined ? codeWriter(name, values) : bucketWriter(name, buckets),
    ),
  ];
  if (dataset.layout.targets > 0) {
    if (target.task === 'regression') writers.push(numberWriter(target.name, target.centre));
    else if (target.type === 'number') writers.push(classWriter(target.name, target.classes as readonly number[]));
    else writers.push(codeWriter(target.name, target.classes.map(String)));
  }
  if (dataset.layout.weighted && weightColumn !== null) {
    writers.push({ name: weightColumn, rule: 'weight', write: writeWeights });
  }
  return writers;
}

function numberWriter(name: string, centre: number): ColumnWriter {
  return {
    name,
    rule: 'number',
    write: (cells, word, values, rows) => writeNumbers(cells, word, values, rows, centre),
  };
}

function writeNumbers(
  { views, shift, mask, stride }: Cells,
  word: number,
  column: NumberValues | CategoryValues,
  { slots, at, from, to }: Rows,
  centre: number,
): number {
  const { values } = column as NumberValues;
  for (let row = from; row < to; row++) {
    const slot = slots[at + row];
    if (slot === DROPPED) continue;
    const v = centred(values[row], centre);
    // v - v is 0 unless v is infinite or NaN; and a NaN that was one before is a missing value.
    if (v - v !== 0 && !Number.isNaN(values[row])) return row;
    views[slot >>> shift][(slot & mask) * stride + word] = v;
  }
  return -1;
}

/** A part of a time, taken before it is centred. */
function partWriter(name: string, take: (seconds: number) => number, centre: number): ColumnWriter {
  return {
    name,
    rule: 'number',
    write({ views, shift, mask, stride }, word, column, { slots, at, from, to }) {
      const { values } = column as NumberValues;
      for (let row = from; row < to; row++) {
        const slot = slots[at + row];
        if (slot === DROPPED) continue;
        views[slot >>> shift][(slot & mask) * stride + word] = centred(take(values[row]), centre);
      }
      return -1;
    },
  };
}

function writeWeights(
  { views, shift, mask, stride }: Cells,
  word: number,
  column: NumberValues | CategoryValues,
  { slots, at, from, to }: Rows,
): number {
  const { values } = column as NumberValues;
  for (let row = from; row < to; row++) {
    const slot = slots[at + row];
    if (slot === DROPPED) continue;
    const weight = Math.fround(values[row]);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) return row;
    views[slot >>> shift][(slot & mask) * stride + word] = weight;
  }
  return -1;
}

function codeWriter(name: string, values: readonly string[]): ColumnWriter {
  const codes = new Map(values.map((value, code) => [value, code]));
  return recodingWriter(name, (value) => codes.get(value) ?? -1);
}

function bucketWriter(name: string, buckets: number): ColumnWriter {
  return recodingWriter(name, (value) => bucketOf(value, buckets));
}

function recodingWriter(name: string, codeOf: (value: string) => number): ColumnWriter {
  let dictionary: readonly string[] | undefined;
  let recoded = new Int32Array(0);
  return {
    name,
    rule: 'number',
    write(cells, word, column, rows) {
      const category = column as CategoryValues;
      if (category.dictionary !== dictionary) {
        dictionary = category.dictionary;
        recoded = Int32Array.from(dictionary, codeOf);
      }
      return writeCodes(cells, word, category.codes, rows, recoded);
    },
  };
}

function writeCodes(
  { views, shift, mask, stride }: Cells,
  word: number,
  codes: Int32Array,
  { slots, at, from, to }: Rows,
  recoded: Int32Array,
): number {
  for (let row = from; row < to; row++) {
    const slot = slots[at + row];
    if (slot === DROPPED) continue;
    const code = codes[row];
    views[slot >>> shift][(slot & mask) * stride + word] = code < 0 ? -1 : recoded[code];
  }
  return -1;
}

function classWriter(name: string, classes: readonly number[]): ColumnWriter {
  const indices = new Map(classes.map((value, index) => [value, index]));
  return {
    name,
    rule: 'number',
    write({ views, shift, mask, stride }, word, column, { slots, at, from, to }) {
      const { values } = column as NumberValues;
      for (let row = from; row < to; row++) {
        const slot = slots[at + row];
        if (slot === DROPPED) continue;
        views[slot >>> shift][(slot & mask) * stride + word] = indices.get(values[row]) ?? -1;
      }
      return -1;
    },
  };
}
