/**
 * The tables of the input benchmark, made by DuckDB's hash function and so the same each time: `mixed`, 20 columns of which
 * the target is one (14 doubles, two of them with gaps, 2 integers, 3 strings, 1 boolean), and `wide`, 500 floats.
 */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import {
  Bool,
  Field,
  Float32,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';

/** A uniform number in [0, 1) of (row, column). */
const uniform = (column) => `((hash(i * 1024 + ${column}) >> 11) / 9007199254740992.0)`;

const MIXED = {
  ...Object.fromEntries(
    Array.from({ length: 11 }, (_, c) => [`x${c}`, `${uniform(c)} * ${c + 1} + ${c % 3 === 0 ? 1e4 : 0}`]),
  ),
  gaps0: `CASE WHEN ${uniform(11)} < 0.1 THEN NULL ELSE ${uniform(12)} END`,
  gaps1: `CASE WHEN ${uniform(13)} < 0.01 THEN NULL ELSE ${uniform(14)} - 0.5 END`,
  count0: `(${uniform(15)} * 1000)::INTEGER`,
  count1: `(${uniform(16)} * 1000000)::INTEGER`,
  color: `['red', 'green', 'blue', 'violet', 'black'][(${uniform(17)} * 5)::INTEGER % 5 + 1]`,
  town: `'town ' || (${uniform(18)} * 200)::INTEGER`,
  grade: `['a', 'b', 'c'][(${uniform(19)} * 3)::INTEGER % 3 + 1]`,
  isNew: `${uniform(20)} < 0.3`,
  y: `${uniform(0)} + 2 * ${uniform(1)} * ${uniform(2)} + 0.1 * ${uniform(21)}`,
};
const WIDE = {
  ...Object.fromEntries(Array.from({ length: 499 }, (_, c) => [`x${c}`, `(${uniform(c)})::FLOAT`])),
  y: `(${uniform(0)} + ${uniform(1)} * ${uniform(2)})::FLOAT`,
};
/** Nothing but doubles: the table that is larger than memory. */
const DOUBLES = {
  ...Object.fromEntries(Array.from({ length: 39 }, (_, c) => [`x${c}`, uniform(c)])),
  y: `${uniform(0)} + ${uniform(1)} * ${uniform(2)} + 0.1 * ${uniform(39)}`,
};

/** name -> columns by SQL, and how many rows. */
export const TABLES = {
  mixed: { columns: MIXED, rows: 5_000_000 },
  wide: { columns: WIDE, rows: 200_000 },
  doubles: { columns: DOUBLES, rows: 39_000_000 },
};

/** Rows of an Arrow record batch. */
const BATCH_ROWS = 65_536;

const selected = (columns) =>
  Object.entries(columns)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(', ');

/** Writes a table as Parquet, in DuckDB's row groups. */
export async function writeParquetTable(path, { columns, rows }) {
  await withDuckDB((connection) =>
    connection.run(
      `COPY (SELECT ${selected(columns)} FROM range(${rows}) AS t(i)) TO '${path}' (FORMAT parquet, COMPRESSION snappy)`,
    ),
  );
}

/** Writes the same rows as an Arrow file. */
export async function writeArrowTable(path, { columns, rows }) {
  await withDuckDB(async (connection) => {
    const file = createWriteStream(path);
    const writer = new RecordBatchFileWriter();
    writer.toNodeStream().pipe(file);
    for (let start = 0; start < rows; start += BATCH_ROWS) {
      const end = Math.min(rows, start + BATCH_ROWS);
      const result = await connection.runAndReadAll(`SELECT ${selected(columns)} FROM range(${start}, ${end}) AS t(i)`);
      const values = result.getColumns();
      const types = result.columnTypes().map((type) => arrowType(String(type)));
      const schema = new Schema(Object.keys(columns).map((name, c) => new Field(name, types[c], true)));
      const children = values.map((column, c) => vectorFromArray(column, types[c]).data[0]);
      writer.write(
        new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: end - start, children })),
      );
    }
    writer.finish();
    await finished(file);
  });
}

function arrowType(type) {
  const types = { DOUBLE: Float64, FLOAT: Float32, INTEGER: Int32, VARCHAR: Utf8, BOOLEAN: Bool };
  return new types[type]();
}

async function withDuckDB(use) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await use(connection);
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}
