/**
 * Parquet columns as paragrad reads them: which kind a type of DuckDB is, what SQL gives its values, and how a chunk of the
 * answer is decoded.
 *
 * Numbers become DOUBLE (FLOAT where they are stored so) with NaN for null, times DOUBLE seconds, and categories whose values
 * are known INTEGER codes with -1 for null; so a chunk is typed arrays, with no validity to look at. Categories of unknown
 * values come as strings, which costs a microsecond each.
 */
import { invariant } from '../../errors.js';
import { quoteLiteral } from '../duckdb.js';
import { type Chunk, integers, numbers, strings } from '../duckdb-chunk.js';
import type { CategoryValues, Column, ColumnKind, NumberValues } from '../table.js';

const NUMBER =
  '(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL\\([^)]*\\))';
const NUMBER_TYPES = new RegExp(`^(${NUMBER}|"NULL"|INTERVAL)$`);
const VECTOR_TYPES = new RegExp(`^${NUMBER}\\[\\d*\\]$`);
const TIME_TYPES = /^(DATE|TIMESTAMP|TIMESTAMP_S|TIMESTAMP_MS|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE)$/;
const CATEGORY_TYPES = /^(VARCHAR|UUID|ENUM\(.*\))$/s;
const BOOLEANS = ['false', 'true'];
/** The largest finite double. */
const MOST = String(Number.MAX_VALUE);
/** Values of a category up to which they are searched one by one. */
const FEW_VALUES = 256;

/** A column of the table, and what it comes from. */
export interface ParquetColumn {
  readonly column: Column;
  /** SQL of its values, as they are stored. */
  readonly sql: string;
}

/** How a column of this type of DuckDB can be used. */
export function kindOf(type: string): ColumnKind {
  if (NUMBER_TYPES.test(type)) return 'number';
  if (TIME_TYPES.test(type)) return 'time';
  if (type === 'TIME') return 'clock';
  if (CATEGORY_TYPES.test(type)) return 'category';
  return type === 'BOOLEAN' ? 'boolean' : 'unsupported';
}

/** Whether a column of this type may hold vectors: lists of numbers. */
export function isVector(type: string): boolean {
  return VECTOR_TYPES.test(type);
}

/** What to ask for a column, and how to decode a chunk of the answer. */
export interface Selected {
  readonly expression: string;
  readonly decode: (chunk: Chunk, column: number) => NumberValues | CategoryValues;
}

/** A category's values to look for, and the ENUM type of them, where there is one. */
export interface KnownValues {
  readonly values: readonly string[];
  readonly enumName: string | null;
}

/**
 * Whether codes are to be found by an ENUM type, whose hash table is asked for every row. A list is searched from its start,
 * but once for each entry of the file's own dictionary, which strings of few values nearly always have, and so at no cost.
 * Without that dictionary, a list of FEW_VALUES takes twice the time of the hash table, and longer ones more.
 */
export function wantsEnum({ column }: ParquetColumn, values: readonly string[]): boolean {
  return column.type !== 'VARCHAR' || values.length > FEW_VALUES;
}

/** @param known the values to look for in a category */
export function select({ column: { kind, type }, sql }: ParquetColumn, known: KnownValues | undefined): Selected {
  invariant(kind !== 'unsupported', 'an unsupported column cannot be read');
  if (kind === 'number' || kind === 'time' || kind === 'clock') {
    const [values, nan] = type === 'FLOAT' ? [sql, "'nan'::FLOAT"] : [numberOf(type, sql), "'nan'::DOUBLE"];
    return {
      expression: `coalesce(${values}, ${nan})`,
      decode: (chunk, i) => ({ kind: 'number', values: numbers(chunk, i) }),
    };
  }
  if (kind === 'category' && known === undefined) {
    return { expression: `encode(CAST(${sql} AS VARCHAR))`, decode: strings };
  }
  if (known === undefined) return codes(sql, BOOLEANS);
  const { values, enumName } = known;
  if (enumName !== null) return codes(`enum_code(TRY_CAST(${sql} AS ${enumName}))`, values);
  // `greatest` passes over nulls and, a function too, is run for entries of the dictionary; `coalesce` and `- 1` for rows.
  return {
    expression: `greatest(list_position([${values.map(quoteLiteral).join(', ')}]::VARCHAR[], ${sql}), 0)`,
    decode: (chunk, i) => ({
      kind: 'category',
      codes: lowered(integers(chunk, i)),
      dictionary: values,
    }),
  };
}

/** Places in a list, counted from 1, as codes. In place. */
function lowered(places: Int32Array): Int32Array {
  for (let i = 0; i < places.length; i++) places[i]--;
  return places;
}

function codes(sql: string, dictionary: readonly string[]): Selected {
  return {
    expression: `coalesce(CAST(${sql} AS INTEGER), -1)`,
    decode: (chunk, i) => ({ kind: 'category', codes: integers(chunk, i), dictionary }),
  };
}

/**
 * SQL of four counts: of the finite values those below 0 and the others, of the infinite ones those below 0 and the others.
 * Comparisons take a fifth of the time of isfinite and isinf; to DuckDB a NaN is above infinity.
 */
export function countsOf({ column: { type }, sql }: ParquetColumn): string {
  const v = `(${numberOf(type, sql)})`;
  const conditions = [`${v} >= -${MOST} AND ${v} < 0`, `${v} BETWEEN 0 AND ${MOST}`];
  return [...conditions, `${v} < -${MOST}`, `${v} = 'inf'`].map((condition) => `count_if(${condition})`).join(', ');
}

/** Seconds by whole units: `epoch` itself is off by an ulp. */
function numberOf(type: string, sql: string): string {
  if (type === 'TIMESTAMP_NS') return `CAST(epoch_ns(${sql}) AS DOUBLE) / 1e9`;
  if (type === 'INTERVAL') return `epoch(${sql})`;
  if (type === 'TIME' || TIME_TYPES.test(type)) return `CAST(epoch_us(${sql}) AS DOUBLE) / 1e6`;
  return `CAST(${sql} AS DOUBLE)`;
}
