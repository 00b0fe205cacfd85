/**
 * Parquet through DuckDB: windows are appended to a table (which spills to a temporary folder when it is large) and the table
 * is copied to the file. DuckDB cannot append to a Parquet file, so the rows pass through it once.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { quoteLiteral, quoteName } from '../../data/duckdb.js';
import type { OutputColumn } from '../../train/output-column.js';
import type { PredictedRows } from '../../train/predict.js';

type DuckDB = typeof import('@duckdb/node-api');

/** Rows of a DuckDB vector. */
const CHUNK_ROWS = 2048;
const INTERRUPT_EVERY_MS = 10;

export async function writeParquet(
  path: string,
  windows: AsyncIterable<PredictedRows>,
  signal?: AbortSignal,
): Promise<void> {
  const duckdb = await import('@duckdb/node-api');
  const spill = join(tmpdir(), `paragrad-predict-${randomUUID()}`);
  const instance = await duckdb.DuckDBInstance.create(':memory:', { temp_directory: spill, memory_limit: '1GiB' });
  const connection = await instance.connect();
  try {
    let append: ((window: PredictedRows) => void) | undefined;
    for await (const window of windows) {
      append ??= await createTable(duckdb, connection, window.columns);
      append(window);
    }
    // The path is temporary already; a temporary file of DuckDB's own would be left behind by an interruption.
    const copy = `COPY rows TO ${quoteLiteral(path)} (FORMAT parquet, USE_TMP_FILE false)`;
    await interruptible(connection, signal, () => connection.run(copy));
  } finally {
    connection.disconnectSync();
    instance.closeSync();
    await rm(spill, { recursive: true, force: true });
  }
}

/** Makes the table `rows`, and gives what appends to it. */
async function createTable(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  columns: readonly OutputColumn[],
): Promise<(window: PredictedRows) => void> {
  const typesByName = {
    double: duckdb.DOUBLE,
    integer: duckdb.BIGINT,
    string: duckdb.VARCHAR,
    boolean: duckdb.BOOLEAN,
  } satisfies Record<OutputColumn['type'], DuckDBType>;
  const types = columns.map(({ type }) => typesByName[type]);
  const list = columns.map(({ name }, i) => `${quoteName(name)} ${types[i]}`).join(', ');
  await connection.run(`CREATE TABLE rows (${list})`);
  const appender = await connection.createAppender('rows');
  return (window) => {
    for (let start = 0; start < window.rows; start += CHUNK_ROWS) {
      const end = Math.min(start + CHUNK_ROWS, window.rows);
      const chunk = duckdb.DuckDBDataChunk.create(types, end - start);
      chunk.setColumns(window.columns.map((column) => duckdbValues(column, start, end)));
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
