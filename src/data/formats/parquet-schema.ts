/**
 * What Parquet files say of themselves before any value is read: their columns, and their row groups. Every file must have
 * the columns of the first, with their types, in any order.
 */
import { resolve } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { invariant } from '../../errors.js';
import { checkSchema } from '../concatenate.js';
import { type DuckDB, quoteLiteral } from '../duckdb.js';
import type { Block, Column, FileRows, TableFile } from '../table.js';
import { isVector, kindOf, type ParquetColumn } from './parquet-columns.js';
import { distinctNames, remedyFor, vectorColumns } from './schema.js';

/** Digits of a decimal that DuckDB reads; it takes wider ones for DOUBLE, and gives wrong values (seen in 1.5.6). */
const WIDEST_DECIMAL = 38;

/** SQL that reads files. */
function scan(paths: readonly string[]): string {
  return `read_parquet(${fileList(paths)}, hive_partitioning = false)`;
}

function fileList(paths: readonly string[]): string {
  return `[${paths.map((path) => quoteLiteral(resolve(path))).join(', ')}]`;
}

/** The columns of Parquet files, and how they are read. */
export interface ParquetSchema {
  /** Those of vectors element by element. */
  readonly columns: readonly ParquetColumn[];
  /** SQL that reads one file, or all, with the columns of the first called `c0`, `c1` … */
  from(file?: TableFile): string;
  /** SQL that reads files that lie side by side, in their order: one for each run of files whose columns are in one order. */
  runs(files: readonly TableFile[]): readonly string[];
}

/**
 * @param vectors elements of each column of vectors, where they are known
 * @throws ParagradError `schema_mismatch` or `duplicate_column`
 */
export async function readSchema(
  duckdb: DuckDB,
  files: readonly TableFile[],
  vectors: Readonly<Record<string, number>> | undefined,
  signal: AbortSignal | undefined,
): Promise<ParquetSchema> {
  const [first] = files;
  const columns = await describeFile(duckdb, first, signal);
  distinctNames(columns, first.name);
  const aliases = new Map<TableFile, string>();
  for (const other of await unlikeFirst(duckdb, files, signal)) {
    const described = await describeFile(duckdb, other, signal);
    checkSchema(columns, first.name, described, other.name);
    aliases.set(other, aliasOf(described.map(({ name }) => columns.findIndex((column) => column.name === name))));
  }
  const alias = aliasOf(columns.map((_, i) => i));
  const aliasFor = (file: TableFile) => aliases.get(file) ?? alias;
  const runs = (chosen: readonly TableFile[]) =>
    consecutive(chosen, aliasFor).map(([of, run]) => `FROM ${scan(run.map(({ path }) => path))} AS ${of}`);
  const all = runs(files);
  const names = columns.map((_, i) => `c${i}`).join(', ');
  const union = `FROM (${all.map((run) => `SELECT ${names} ${run}`).join(' UNION ALL ')}) AS ${alias}`;
  const from = (file?: TableFile) => (file ? runs([file])[0] : all.length === 1 ? all[0] : union);

  const lengths = vectors ?? (await findVectors(duckdb, columns, from(), signal));
  const described = columns.flatMap((column, i) => elementsOf(column, `c${i}`, lengths[column.name]));
  const distinct = described.map(({ column }) => column);
  distinctNames(distinct, first.name);
  return { columns: described, from, runs };
}

function elementsOf(column: Column, sql: string, length: number | undefined): ParquetColumn[] {
  if (length === undefined) return [{ column, sql }];
  const elements = vectorColumns(column.name, column.type, length);
  return elements.map((element, e) => ({ column: element, sql: `list_extract(${sql}, ${e + 1})` }));
}

function aliasOf(positions: readonly number[]): string {
  return `t(${positions.map((position) => `c${position}`).join(', ')})`;
}

/** Items in runs of one key, in order. */
function consecutive<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const runs: [string, T[]][] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] === keyOf(item)) last[1].push(item);
    else runs.push([keyOf(item), [item]]);
  }
  return runs;
}

/** Top-level columns of one file. */
async function describeFile(
  duckdb: DuckDB,
  { path, name }: TableFile,
  signal: AbortSignal | undefined,
): Promise<Column[]> {
  // DuckDB's own names are made unique regardless of case ("a", "A_1"): take the names from the file.
  const schema = await duckdb.rows(
    `SELECT name, coalesce(num_children, 0), coalesce(precision, 0), scale FROM parquet_schema(${fileList([path])})`,
    signal,
  );
  const fields = topLevel(schema);
  const described = await duckdb.rows(`DESCRIBE SELECT * FROM ${scan([path])}`, signal);
  invariant(fields.length === described.length, `${name}: the Parquet schema and DuckDB differ in their columns`);
  return described.map((row, i): Column => {
    const { name, scale, precision } = fields[i];
    if (precision > WIDEST_DECIMAL) {
      const remedy = `Write it with at most ${WIDEST_DECIMAL} digits, or as a double, or leave it out (--exclude).`;
      return { name, type: `DECIMAL(${precision},${scale})`, kind: 'unsupported', remedy };
    }
    const type = String(row[1]);
    const kind = kindOf(type);
    return { name, type, kind, ...(kind === 'unsupported' && { remedy: remedyFor(name, type) }) };
  });
}

interface Field {
  readonly name: string;
  /** The most digits of a decimal in the column; 0 where there is none. */
  readonly precision: number;
  readonly scale: number;
}

/** The root's children in a schema that lists the tree depth first, with the number of children in second place. */
function topLevel(schema: readonly DuckDBValue[][]): Field[] {
  const fields: Field[] = [];
  const skip = (index: number): number => {
    let next = index + 1;
    for (let child = Number(schema[index][1]); child > 0; child--) next = skip(next);
    return next;
  };
  for (let index = 1; index < schema.length; ) {
    const next = skip(index);
    const precision = Math.max(...schema.slice(index, next).map((row) => Number(row[2])));
    fields.push({ name: String(schema[index][0]), precision, scale: Number(schema[index][3]) });
    index = next;
  }
  return fields;
}

/** The files whose schema is not, node for node and in order, that of the first. */
async function unlikeFirst(
  duckdb: DuckDB,
  files: readonly TableFile[],
  signal: AbortSignal | undefined,
): Promise<TableFile[]> {
  if (files.length === 1) return [];
  const node = 'column_id, name, duckdb_type, type, type_length, logical_type, precision, scale, num_children';
  const paths = fileList(files.map(({ path }) => path));
  const sums = await duckdb.rows(
    `SELECT file_name, CAST(sum(CAST(hash(${node}) AS HUGEINT)) AS VARCHAR) FROM parquet_schema(${paths}) GROUP BY 1`,
    signal,
  );
  const byPath = new Map(sums.map(([path, sum]) => [String(path), sum]));
  const sumOf = ({ path }: TableFile) => byPath.get(resolve(path));
  return files.filter((file) => sumOf(file) !== sumOf(files[0]));
}

/** The length of each column of lists whose lists all have the same. */
async function findVectors(
  duckdb: DuckDB,
  columns: readonly Column[],
  from: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, number>> {
  const lists = columns.flatMap(({ name, type }, i) => (isVector(type) ? [{ name, sql: `c${i}` }] : []));
  if (lists.length === 0) return {};
  const lengths = lists.flatMap(({ sql }) => [`min(len(${sql}))`, `max(len(${sql}))`]).join(', ');
  const [row] = await duckdb.rows(`SELECT ${lengths} ${from}`, signal);
  const equal = lists.flatMap(({ name }, i) =>
    row[2 * i] !== null && row[2 * i] === row[2 * i + 1] ? [[name, Number(row[2 * i])] as const] : [],
  );
  return Object.fromEntries(equal);
}

/** Where the rows of a table are. */
export interface ParquetRows {
  readonly files: readonly FileRows[];
  /** Row groups. */
  readonly blocks: readonly Block[];
}

/** Counts the rows of all row groups. */
export async function readRows(
  duckdb: DuckDB,
  files: readonly TableFile[],
  signal: AbortSignal | undefined,
): Promise<ParquetRows> {
  const paths = fileList(files.map(({ path }) => path));
  const groups = await duckdb.rows(
    `SELECT file_name, row_group_id, any_value(row_group_num_rows)
      FROM parquet_metadata(${paths}) GROUP BY 1, 2 ORDER BY 1, 2`,
    signal,
  );
  const byPath = new Map<string, number[]>();
  for (const [path, , rows] of groups) {
    const list = byPath.get(String(path)) ?? [];
    list.push(Number(rows));
    byPath.set(String(path), list);
  }
  const blocks: Block[] = [];
  let next = 0;
  const located = files.map((file): FileRows => {
    const rowStart = next;
    for (const rows of byPath.get(resolve(file.path)) ?? []) {
      blocks.push({ rowStart: next, rowEnd: next + rows });
      next += rows;
    }
    return { ...file, rowStart, rowEnd: next };
  });
  return { files: located, blocks };
}
