/**
 * Parquet through DuckDB: windows are appended to a table (which spills to a temporary folder when it is large) and the table
 * is copied to the file. DuckDB cannot append to a Parquet file, so the rows pass through it once.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { quoteLiteral } from '../../data/duckdb.js';
import type { OutputColumn, PredictedRows } from '../../train/predict.js';

/** Rows of a DuckDB vector. */
const CHUNK_ROWS = 2048;
const INTERRUPT_EVERY_MS = 10;

export async function writeParquet(
  path: string,
  windows: AsyncIterable<PredictedRows>,
  signal?: AbortSignal,
): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const spill = join(tmpdir(), `paragrad-predict-${randomUUID()}`);
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: spill, memory_limit: '1GiB' });
  const connection = await instance.connect();
  try {
    await appendAll(connection, windows);
    await interruptible(connection, signal, () =>
      connection.run(`COPY rows TO ${quoteLiteral(path)} (FORMAT parquet)`),
    );
  } finally {
    connection.disconnectSync();
    instance.closeSync();
    await rm(spill, { recursive: true, force: true });
  }
}

async function appendAll(connection: DuckDBConnection, windows: AsyncIterable<PredictedRows>): Promise<void> {
  const { DuckDBDataChunk } = await import('@duckdb/node-api');
  let append: ((rows: number, columns: readonly OutputColumn[]) => void) | undefined;
  for await (const { rows, columns } of windows) {
    append ??= await createTable(connection, columns, DuckDBDataChunk);
    append(rows, columns);
  }
}

/** Makes the table `rows`, and gives what appends to it. */
async function createTable(
  connection: DuckDBConnection,
  columns: readonly OutputColumn[],
  { create }: typeof import('@duckdb/node-api').DuckDBDataChunk,
): Promise<(rows: number, columns: readonly OutputColumn[]) => void> {
  const api = await import('@duckdb/node-api');
  const types: Record<OutputColumn['type'], DuckDBType> = {
    double: api.DOUBLE,
    integer: api.BIGINT,
    string: api.VARCHAR,
    boolean: api.BOOLEAN,
  };
  const list = columns.map(({ name, type }) => `"${name.replaceAll('"', '""')}" ${types[type]}`).join(', ');
  await connection.run(`CREATE TABLE rows (${list})`);
  const appender = await connection.createAppender('rows');
  return (rows, values) => {
    for (let start = 0; start < rows; start += CHUNK_ROWS) {
      const end = Math.min(start + CHUNK_ROWS, rows);
      const chunk = create(
        values.map(({ type }) => types[type]),
        end - start,
      );
      chunk.setColumns(values.map((column) => duckdbValues(column, start, end)));
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  };
}

function duckdbValues(column: OutputColumn, start: number, end: number): DuckDBValue[] {
  if (column.type === 'string' || column.type === 'boolean') return column.values.slice(start, end);
  const isInteger = column.type === 'integer';
  return Array.from(column.values.subarray(start, end), (value) => {
    return Number.isNaN(value) ? null : isInteger ? BigInt(value) : value;
  });
}

/** An interrupt may fall between two stages of a query and be lost: it is repeated until the query ends. */
async function interruptible(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  start: () => Promise<unknown>,
): Promise<void> {
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    timer = setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await start();
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  }
}
