/**
 * Writes one column of a batch into rows of a dataset: numbers as `centred` float32, categories and classes as global codes.
 * Which rows go where is the concern of fill.ts.
 */
import type { SourceColumn } from '../kernels/table.js';
import { bucketOf } from './buckets.js';
import { centred, type Preprocessing } from './preprocess.js';
import type { CategoryValues, NumberValues } from './table.js';
import { takePart } from './times.js';

/**
 * Rows of a batch that go to one piece of a dataset: row rows[i] of the batch begins at word starts[i] of `view`. The arrays
 * are made once, for a tile, and filled again for every other.
 */
export interface Run {
  readonly view: Float32Array;
  /** Ascending. */
  readonly rows: Int32Array;
  readonly starts: Int32Array;
  count: number;
}

type Values = NumberValues | CategoryValues;

export interface ColumnWriter {
  readonly name: string;
  /** What a value that is refused breaks. */
  readonly rule: 'number' | 'weight';
  /** Writes a word of each row of the run; gives the first row of the batch whose value it refuses, or -1. */
  readonly write: (run: Run, word: number, values: Values) => number;
  /** The same for a kernel (kernels/table.ts), which writes what `write` does where nothing is refused; absent: it cannot. */
  readonly source?: (values: Values) => Omit<SourceColumn, 'word'>;
}

/**
 * One writer a column, in the order of a row's words (see dataset.ts).
 *
 * @param parts which of the row's last parts there are
 */
export function createWriters(
  { numbers, categories, target, weightColumn }: Preprocessing,
  parts: { readonly target: boolean; readonly weight: boolean },
): ColumnWriter[] {
  const writers = [
    ...numbers.map(({ name, part, centre }) =>
      part === undefined ? numberWriter(name, centre) : partWriter(name, takePart(part), centre),
    ),
    ...categories.map(({ name, values, buckets }) =>
      buckets === undefined ? codeWriter(name, values) : bucketWriter(name, buckets),
    ),
  ];
  if (parts.target) {
    if (target.task === 'regression') writers.push(numberWriter(target.name, target.centre));
    else if (target.type === 'number') writers.push(classWriter(target.name, target.classes as readonly number[]));
    else writers.push(codeWriter(target.name, target.classes.map(String)));
  }
  if (parts.weight && weightColumn !== null) writers.push({ name: weightColumn, rule: 'weight', write: writeWeights });
  return writers;
}

function numberWriter(name: string, centre: number): ColumnWriter {
  return {
    name,
    rule: 'number',
    write: (run, word, values) => writeNumbers(run, word, values, centre),
    source: (column) => ({ values: (column as NumberValues).values, centre, recoded: undefined }),
  };
}

function writeNumbers({ view, rows, starts, count }: Run, word: number, column: Values, centre: number): number {
  const { values } = column as NumberValues;
  for (let i = 0; i < count; i++) {
    const value = values[rows[i]];
    const v = centred(value, centre);
    // v - v is 0 unless v is infinite or NaN; and a NaN that was one before is a missing value.
    if (v - v !== 0 && !Number.isNaN(value)) return rows[i];
    view[starts[i] + word] = v;
  }
  return -1;
}

/** A part of a time, taken before it is centred. */
function partWriter(name: string, take: (seconds: number) => number, centre: number): ColumnWriter {
  return {
    name,
    rule: 'number',
    write({ view, rows, starts, count }, word, column) {
      const { values } = column as NumberValues;
      for (let i = 0; i < count; i++) view[starts[i] + word] = centred(take(values[rows[i]]), centre);
      return -1;
    },
  };
}

function writeWeights({ view, rows, starts, count }: Run, word: number, column: Values): number {
  const { values } = column as NumberValues;
  for (let i = 0; i < count; i++) {
    const weight = Math.fround(values[rows[i]]);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) return rows[i];
    view[starts[i] + word] = weight;
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
  const recode = (category: CategoryValues): Int32Array => {
    if (category.dictionary !== dictionary) {
      dictionary = category.dictionary;
      recoded = Int32Array.from(dictionary, codeOf);
    }
    return recoded;
  };
  return {
    name,
    rule: 'number',
    write: (run, word, column) => writeCodes(run, word, column as CategoryValues, recode(column as CategoryValues)),
    source(column) {
      const category = column as CategoryValues;
      return { values: category.codes, centre: 0, recoded: recode(category) };
    },
  };
}

function writeCodes(
  { view, rows, starts, count }: Run,
  word: number,
  { codes }: CategoryValues,
  recoded: Int32Array,
): number {
  for (let i = 0; i < count; i++) {
    const code = codes[rows[i]];
    view[starts[i] + word] = code < 0 ? -1 : recoded[code];
  }
  return -1;
}

function classWriter(name: string, classes: readonly number[]): ColumnWriter {
  const indices = new Map(classes.map((value, index) => [value, index]));
  return {
    name,
    rule: 'number',
    write({ view, rows, starts, count }, word, column) {
      const { values } = column as NumberValues;
      for (let i = 0; i < count; i++) view[starts[i] + word] = indices.get(values[rows[i]]) ?? -1;
      return -1;
    },
  };
}
