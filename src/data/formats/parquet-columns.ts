/**
 * Parquet columns as paragrad reads them: which kind a type of DuckDB is, what SQL gives its values, and how a chunk of the
 * answer is decoded.
 *
 * Numbers become DOUBLE with NaN for null, times DOUBLE seconds, and categories whose values are known codes of a temporary
 * ENUM with -1 for null; so a chunk is typed arrays to copy, with no validity to look at. Categories of unknown values come
 * as strings, which costs a microsecond each.
 */
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { invariant } from '../../errors.js';
import { doubles, integers, strings } from '../duckdb.js';
import type { CategoryValues, Column, ColumnKind, NumberValues } from '../table.js';

const NUMBER =
  '(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL\\([^)]*\\))';
const NUMBER_TYPES = new RegExp(`^(${NUMBER}|"NULL"|INTERVAL)$`);
const VECTOR_TYPES = new RegExp(`^${NUMBER}\\[\\d*\\]$`);
const TIME_TYPES = /^(DATE|TIMESTAMP|TIMESTAMP_S|TIMESTAMP_MS|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE)$/;
const CATEGORY_TYPES = /^(VARCHAR|UUID|ENUM\(.*\))$/s;
const BOOLEANS = ['false', 'true'];

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
  readonly decode: (chunk: DuckDBDataChunk, column: number) => NumberValues | CategoryValues;
}

/** @param known the values to look for in a category, and the name of their ENUM type */
export function select(
  { column: { kind, type }, sql }: ParquetColumn,
  known: { readonly values: readonly string[]; readonly name: string } | undefined,
): Selected {
  invariant(kind !== 'unsupported', 'an unsupported column cannot be read');
  if (kind === 'number' || kind === 'time' || kind === 'clock') {
    return {
      expression: `coalesce(${numberOf(type, sql)}, 'nan'::DOUBLE)`,
      decode: (chunk, i) => ({ kind: 'number', values: doubles(chunk, i) }),
    };
  }
  if (kind === 'category' && known === undefined) {
    return { expression: `encode(CAST(${sql} AS VARCHAR))`, decode: strings };
  }
  const dictionary = known?.values ?? BOOLEANS;
  const code = known ? `enum_code(TRY_CAST(${sql} AS ${known.name}))` : sql;
  return {
    expression: `coalesce(CAST(${code} AS INTEGER), -1)`,
    decode: (chunk, i) => ({ kind: 'category', codes: integers(chunk, i), dictionary }),
  };
}

/** Seconds by whole units: `epoch` itself is off by an ulp. */
function numberOf(type: string, sql: string): string {
  if (type === 'TIMESTAMP_NS') return `CAST(epoch_ns(${sql}) AS DOUBLE) / 1e9`;
  if (type === 'INTERVAL') return `epoch(${sql})`;
  if (type === 'TIME' || TIME_TYPES.test(type)) return `CAST(epoch_us(${sql}) AS DOUBLE) / 1e6`;
  return `CAST(${sql} AS DOUBLE)`;
}
