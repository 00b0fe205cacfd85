/** Tables for the data tests: files written here, in any block size, as Arrow (apache-arrow) or Parquet (DuckDB). */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import {
  Table as ArrowTable,
  Bool,
  type DataType,
  Dictionary,
  Float64,
  Int32,
  RecordBatchFileWriter,
  Schema,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { afterAll, expect } from 'vitest';
import { openTable, type TableRequest } from '../../src/data/open.js';
import type { RowBatch, Table } from '../../src/data/table.js';
import type { ParagradError } from '../../src/errors.js';

export type Cell = number | string | boolean | null;

/** Columns by name, all of one length. */
export type Cells = Readonly<Record<string, readonly Cell[]>>;

/** A file of test/tables. */
export function tableFile(name: string): string {
  return fileURLToPath(new URL(`../tables/${name}`, import.meta.url));
}

const folder = mkdtempSync(join(tmpdir(), 'paragrad-data-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** A path for a file of the test's own. */
export function freshPath(extension: string): string {
  return join(folder, `table-${files++}${extension}`);
}

function slices(cells: Cells, blockRows: number): Cells[] {
  const rows = Object.values(cells)[0].length;
  const parts: Cells[] = [];
  for (let start = 0; start < rows; start += blockRows) {
    parts.push(
      Object.fromEntries(Object.entries(cells).map(([name, column]) => [name, column.slice(start, start + blockRows)])),
    );
  }
  return parts;
}

function arrowType(column: readonly Cell[]): DataType {
  const sample = column.find((cell) => cell !== null);
  if (typeof sample === 'string') return new Utf8();
  return typeof sample === 'boolean' ? new Bool() : new Float64();
}

/**
 * Writes an Arrow file.
 *
 * @param blockRows rows of a record batch
 * @param dictionaries whether strings are dictionary-encoded
 */
export function writeArrow(cells: Cells, blockRows: number, dictionaries = false): string {
  const types = Object.fromEntries(
    Object.entries(cells).map(([name, column]) => {
      const type = arrowType(column);
      return [name, dictionaries && type instanceof Utf8 ? new Dictionary(type, new Int32(), name.length) : type];
    }),
  );
  const path = freshPath('.arrow');
  if (dictionaries) {
    const whole = new ArrowTable(
      Object.fromEntries(Object.entries(cells).map(([name, column]) => [name, vectorFromArray(column, types[name])])),
    );
    const writer = new RecordBatchFileWriter();
    for (let start = 0; start < whole.numRows; start += blockRows) {
      for (const batch of whole.slice(start, start + blockRows).batches) writer.write(batch);
    }
    writeFileSync(path, writer.finish().toUint8Array(true));
    return path;
  }
  const parts = slices(cells, blockRows).map(
    (part) =>
      new ArrowTable(
        Object.fromEntries(Object.entries(part).map(([name, column]) => [name, vectorFromArray(column, types[name])])),
      ),
  );
  const schema = new Schema(parts[0].schema.fields);
  writeFileSync(
    path,
    tableToIPC(
      new ArrowTable(
        schema,
        parts.flatMap((part) => part.batches),
      ),
      'file',
    ),
  );
  return path;
}

/** A cell as CSV; an unquoted \\N is null. */
function csvCell(cell: Cell): string {
  if (cell === null) return '\\N';
  if (typeof cell === 'string') return `"${cell.replaceAll('"', '""')}"`;
  if (cell === Infinity) return 'inf';
  return cell === -Infinity ? '-inf' : String(cell);
}

/** Writes a Parquet file by a query. */
export async function writeParquetQuery(query: string, options = ''): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const path = freshPath('.parquet');
  try {
    await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet ${options})`);
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
  return path;
}

/** Writes a Parquet file with the same rows; DuckDB rounds row groups up to its vector size of 2048. */
export async function writeParquet(cells: Cells, blockRows: number): Promise<string> {
  const names = Object.keys(cells);
  const types: Record<string, string> = { number: 'DOUBLE', string: 'VARCHAR', boolean: 'BOOLEAN' };
  const columns = names.map(
    (name, i) => `'c${i}': '${types[typeof (cells[name].find((cell) => cell !== null) ?? 0)]}'`,
  );
  const rows = cells[names[0]].map((_, row) => names.map((name) => csvCell(cells[name][row])).join(','));
  const csv = freshPath('.csv');
  writeFileSync(csv, `${rows.join('\n')}\n`);
  const source =
    `read_csv('${csv}', columns = {${columns.join(', ')}}, header = false, auto_detect = false, delim = ',', ` +
    `quote = '"', escape = '"', nullstr = '\\N', allow_quoted_nulls = false)`;
  const selected = names.map((name, i) => `c${i} AS "${name.replaceAll('"', '""')}"`).join(', ');
  return await writeParquetQuery(`SELECT ${selected} FROM ${source}`, `, ROW_GROUP_SIZE ${blockRows}`);
}

/** Opens a table for the time of `use`. */
export async function withTable<T>(request: string | TableRequest, use: (table: Table) => Promise<T>): Promise<T> {
  const table = await openTable(request, { threads: 2 });
  try {
    return await use(table);
  } finally {
    await table.close();
  }
}

/** Columns of decoded batches: numbers (NaN is missing), or strings (null is missing). */
export async function readColumns(
  batches: AsyncIterable<RowBatch>,
  names: readonly string[],
): Promise<Record<string, (number | string | null)[]>> {
  const columns = names.map(() => [] as (number | string | null)[]);
  for await (const batch of batches) {
    for (const [i, column] of batch.columns.entries()) {
      if (column.kind === 'number') columns[i].push(...column.values);
      else columns[i].push(...Array.from(column.codes, (code) => (code < 0 ? null : column.dictionary[code])));
    }
  }
  return Object.fromEntries(names.map((name, i) => [name, columns[i]]));
}

/** Writes a file, and gives its path. */
export function writeText(extension: string, content: string | Buffer): string {
  const path = freshPath(extension);
  writeFileSync(path, content);
  return path;
}

/** All columns of an open table. */
export const everything = (table: Table) => {
  const names = table.columns.map(({ name }) => name);
  return readColumns(table.read({ columns: names }), names);
};
/** All columns of a table. */
export const contents = (request: TableRequest | string) => withTable(request, everything);
/** Why a table cannot be opened. */
export const refusal = (request: TableRequest | string): Promise<ParagradError> =>
  withTable(request, async () => expect.fail('it was opened')).catch((error) => error);

/**
 * Gives these tests a temporary folder of their own: others of this machine make copies too.
 *
 * @returns what gives the names of copies that are there
 */
export function ownTemporaryFolder(): () => string[] {
  const temporary = mkdtempSync(join(tmpdir(), 'paragrad-copies-'));
  process.env.TMPDIR = temporary;
  afterAll(() => rmSync(temporary, { recursive: true, force: true }));
  return () => readdirSync(temporary).filter((name) => /^paragrad-[A-Za-z0-9]{6}$/.test(name));
}
