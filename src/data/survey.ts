/**
 * The pass before anything is stored: what must be known of all rows to decide how they are stored. For the target, which
 * rows lack it and which values it takes; for the categories, the values that occur; for times, how they spread.
 *
 * A survey of some rows is plain data, and surveys join to the survey of all rows together, whatever the parts were.
 */
import { createDistinctValues } from './distinct.js';
import { createSlots, DROPPED } from './split.js';
import type { CategoryValues, NumberCounts, Numbers, NumberValues, ReadRequest, Table } from './table.js';
import { joinSpreads, NO_SPREAD, spreadOf, type TimeSpread } from './times.js';

/** Most distinct values of a category, and most classes of a target. */
export const MOST_VALUES = 1000;

export interface TargetRequest {
  readonly name: string;
  /** The classes that a model knows; any other value then counts as missing. Null: every value counts. */
  readonly known: readonly (string | number)[] | null;
}

export interface SurveyRequest {
  readonly target: TargetRequest | null;
  readonly categories: readonly string[];
  /** Points in time. */
  readonly times: readonly string[];
}

/** Rows of a file, and the table in which the survey marks those that lack a target as `DROPPED`. */
export interface SurveyedRows {
  /** First row, inclusive. */
  readonly rowStart: number;
  /** Last row, exclusive. */
  readonly rowEnd: number;
  readonly slots: SharedArrayBuffer;
  /** The row of the file that slots[0] stands for. */
  readonly firstRow: number;
}

/** Rows rowStart .. rowEnd (exclusive), none of them dropped yet. */
export function rowRange(rowStart: number, rowEnd: number): SurveyedRows {
  return { rowStart, rowEnd, slots: createSlots(rowEnd - rowStart), firstRow: rowStart };
}

/** How many rows, and the first of them (-1: none), counted in the file. */
export interface Tally {
  readonly count: number;
  readonly firstRow: number;
}

export interface TargetSurvey {
  readonly missing: Tally;
  readonly infinite: Tally;
  /** Numbers below 0. */
  readonly negative: Tally;
  /** Sorted (numbers by value, strings by UTF-16 code units). MOST_VALUES + 1 of them mean "more than MOST_VALUES". */
  readonly distinct: readonly (string | number)[];
  /** Whether every value is an integer; of more than MOST_VALUES, perhaps of some of them only. */
  readonly integers: boolean;
}

export interface Survey {
  readonly target: TargetSurvey | null;
  /** Of each category, its values, sorted; MOST_VALUES + 1 of them mean "more than MOST_VALUES". */
  readonly categories: readonly (readonly string[])[];
  readonly times: readonly TimeSpread[];
}

export interface SurveyOptions extends Pick<ReadRequest, 'addon' | 'signal'> {
  /**
   * Of the target in these rows, where they are known: where nothing else is asked for, rows are then read only as far as they
   * tell more than that.
   */
  readonly counts?: NumberCounts | null;
}

/** Surveys rows by reading them. */
export async function surveyRows(
  table: Table,
  request: SurveyRequest,
  rows: SurveyedRows,
  { addon = null, signal, counts = null }: SurveyOptions = {},
): Promise<Survey> {
  const { rowStart, rowEnd } = rows;
  const columns = [...(request.target ? [request.target.name] : []), ...request.categories, ...request.times];
  const target = request.target && createTargetSurvey(request.target, rows, counts);
  const categories = request.categories.map(() => createDistinctValues(MOST_VALUES));
  const times = request.times.map(() => NO_SPREAD);
  if (columns.length > 0) {
    const values = new Map(request.target?.known ? [[request.target.name, request.target.known.map(String)]] : []);
    for await (const batch of table.read({ columns, rowStart, rowEnd, values, addon, signal })) {
      if (target) target.add(batch.columns[0], batch.rowStart);
      const first = target ? 1 : 0;
      for (const [i, category] of categories.entries()) category.add(batch.columns[first + i] as CategoryValues);
      for (const [i, spread] of times.entries()) {
        const { values } = batch.columns[first + categories.length + i] as NumberValues;
        times[i] = joinSpreads(spread, spreadOf(values));
      }
      if (columns.length === 1 && target?.isSettled()) break;
    }
  }
  return { target: target?.result() ?? null, categories: categories.map((category) => category.sorted()), times };
}

/** The survey of all the rows of these surveys. */
export function joinSurveys(parts: readonly Survey[]): Survey {
  const [first] = parts;
  const targets = parts.flatMap(({ target }) => (target ? [target] : []));
  return {
    target: targets.length === 0 ? null : targets.reduce(joinTargets),
    categories: first.categories.map((_, i) =>
      atMostOneMore(new Set(parts.flatMap(({ categories }) => categories[i]))).sort(),
    ),
    times: first.times.map((_, i) => parts.map(({ times }) => times[i]).reduce(joinSpreads)),
  };
}

function joinTargets(a: TargetSurvey, b: TargetSurvey): TargetSurvey {
  return {
    missing: joinTallies(a.missing, b.missing),
    infinite: joinTallies(a.infinite, b.infinite),
    negative: joinTallies(a.negative, b.negative),
    distinct: sortValues(atMostOneMore(new Set([...a.distinct, ...b.distinct]))),
    integers: a.integers && b.integers,
  };
}

function joinTallies(a: Tally, b: Tally): Tally {
  const rows = [a.firstRow, b.firstRow].filter((row) => row >= 0);
  return { count: a.count + b.count, firstRow: rows.length === 0 ? -1 : Math.min(...rows) };
}

function atMostOneMore<T>(values: ReadonlySet<T>): T[] {
  return [...values].slice(0, MOST_VALUES + 1);
}

function sortValues(values: (string | number)[]): (string | number)[] {
  return values.every((value) => typeof value === 'number')
    ? values.sort((a, b) => (a as number) - (b as number))
    : values.sort();
}

interface TargetAccumulator {
  add(values: NumberValues | CategoryValues, rowStart: number): void;
  /** Whether further rows would change nothing. */
  isSettled(): boolean;
  result(): TargetSurvey;
}

function createTargetSurvey(
  { known }: TargetRequest,
  rows: SurveyedRows,
  counts: NumberCounts | null,
): TargetAccumulator {
  const slots = new Uint32Array(rows.slots);
  const missing = { count: 0, firstRow: -1 };
  const infinite = { count: 0, firstRow: -1 };
  const negative = { count: 0, firstRow: -1 };
  const numbers = new Set<number>();
  const strings = createDistinctValues(MOST_VALUES);
  const knownValues = known && new Set(known);
  let integers = true;
  let isNumber = false;

  function tally(tallied: { count: number; firstRow: number }, row: number): void {
    if (tallied.count++ === 0) tallied.firstRow = row;
  }

  function drop(row: number): void {
    tally(missing, row);
    slots[row - rows.firstRow] = DROPPED;
  }

  function addNumbers(values: Numbers, rowStart: number): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (Number.isNaN(value)) {
        drop(rowStart + i);
      } else if (value - value !== 0) {
        tally(infinite, rowStart + i);
      } else {
        if (value < 0) tally(negative, rowStart + i);
        if (integers && !Number.isInteger(value)) integers = false;
        if (knownValues && !knownValues.has(value)) drop(rowStart + i);
        else if (numbers.size <= MOST_VALUES) numbers.add(value + 0); // + 0 makes a zero of -0
      }
    }
  }

  function addCategories(values: CategoryValues, rowStart: number): void {
    strings.add(values);
    const usable = values.dictionary.map((value) => !knownValues || knownValues.has(value));
    for (let i = 0; i < values.codes.length; i++) {
      const code = values.codes[i];
      if (code < 0 || !usable[code]) drop(rowStart + i);
    }
  }

  return {
    add(values, rowStart) {
      isNumber = values.kind === 'number';
      if (values.kind === 'number') addNumbers(values.values, rowStart);
      else addCategories(values, rowStart);
    },
    isSettled: () =>
      counts !== null &&
      numbers.size > MOST_VALUES &&
      missing.count === counts.missing &&
      (infinite.count > 0 || counts.infinite === 0) &&
      (negative.count > 0 || counts.negative === 0),
    result: () => ({
      missing,
      infinite: { ...infinite, count: counts?.infinite ?? infinite.count },
      negative: { ...negative, count: counts?.negative ?? negative.count },
      distinct: isNumber ? sortValues([...numbers]) : strings.sorted(),
      integers: isNumber && integers,
    }),
  };
}
