/**
 * What there is to say of a table, column by column: its nulls and its NaN apart, distinct values, range and mean. One pass
 * over the numbers; sums run in row order, so that the same rows give the same description in any format and any blocks.
 */
import type { Column, Numbers, Table } from './table.js';

/** Distinct values are counted up to this. */
export const COUNTED_DISTINCT = 10_000;

export interface NumberSummary {
  /** NaN values; nulls are not among them. */
  readonly nans: number;
  readonly infinite: number;
  /** Of the finite values; null where there is none. */
  readonly range: { readonly min: number; readonly max: number; readonly mean: number } | null;
}

export interface ColumnDescription extends Column {
  readonly nulls: number;
  /** Distinct values, missing apart; null: more than COUNTED_DISTINCT, or a column that cannot be read. */
  readonly distinct: number | null;
  /** Of columns of numbers and times (in seconds); else null. */
  readonly numbers: NumberSummary | null;
}

export interface TableDescription {
  readonly location: string;
  readonly format: string;
  readonly rows: number;
  /** Runs of rows as stored. */
  readonly blocks: number;
  readonly columns: readonly ColumnDescription[];
}

/** Reads the whole table once. */
export async function describeTable(table: Table, signal?: AbortSignal): Promise<TableDescription> {
  const { location, format, rows, blocks } = table;
  const named = (kinds: readonly Column['kind'][]) =>
    table.columns.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  const nulls = await table.nulls(
    table.columns.map(({ name }) => name),
    signal,
  );
  const categories = named(['category', 'boolean']);
  const distinct = await table.distinct(categories, COUNTED_DISTINCT, signal);
  const accumulators = new Map(named(['number', 'time', 'clock']).map((name) => [name, createAccumulator()]));
  if (accumulators.size > 0) {
    const order = [...accumulators.values()];
    for await (const batch of table.read({ columns: [...accumulators.keys()], signal })) {
      for (const [i, column] of batch.columns.entries()) if (column.kind === 'number') order[i].add(column.values);
    }
  }
  const columns = table.columns.map((column, i): ColumnDescription => {
    const numbers = accumulators.get(column.name)?.summary(nulls[i]);
    if (numbers) return { ...column, nulls: nulls[i], ...numbers };
    const values = distinct[categories.indexOf(column.name)];
    return { ...column, nulls: nulls[i], distinct: values ? atMostCounted(values.length) : null, numbers: null };
  });
  return { location, format, rows, blocks: blocks.length, columns };
}

function atMostCounted(count: number): number | null {
  return count > COUNTED_DISTINCT ? null : count;
}

interface Accumulator {
  add(values: Numbers): void;
  summary(nulls: number): { distinct: number | null; numbers: NumberSummary };
}

function createAccumulator(): Accumulator {
  const distinct = new Set<number>();
  let [missing, infinite, finite, sum] = [0, 0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return {
    add(values) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i];
        if (Number.isNaN(value)) {
          missing++;
          continue;
        }
        if (distinct.size <= COUNTED_DISTINCT) distinct.add(value);
        if (value - value !== 0) {
          infinite++;
          continue;
        }
        finite++;
        sum += value;
        if (value < min) min = value;
        if (value > max) max = value;
      }
    },
    summary: (nulls) => ({
      distinct: atMostCounted(distinct.size),
      numbers: {
        nans: missing - nulls,
        infinite,
        range: finite === 0 ? null : { min, max, mean: sum / finite },
      },
    }),
  };
}
