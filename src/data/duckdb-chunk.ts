/**
 * A chunk of an answer of DuckDB, at most 2048 rows, as typed arrays.
 *
 * Vectors of numbers are taken from the bindings beneath the package: they copy a vector into memory of JavaScript, which is all
 * that is wanted here, and the package makes objects for its type and its validity besides (a fifth of the time that reading takes).
 * The bindings believe whoever asks for so many bytes; so how many there are follows from the answer's own types, never from what
 * a query was meant to give.
 */
import { createRequire } from 'node:module';
import type { DuckDBBlobValue, DuckDBDataChunk, DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { invariant } from '../errors.js';
import { createCoder } from './distinct.js';
import type { CategoryValues, Numbers } from './table.js';

/** What is used of @duckdb/node-bindings. */
interface Bindings {
  data_chunk_get_vector(chunk: DuckDBDataChunk['chunk'], column: number): object;
  /** A copy of the first bytes of a vector's values. */
  vector_get_data(vector: object, bytes: number): Uint8Array<ArrayBuffer>;
}

const require = createRequire(import.meta.url);
let loaded: Bindings | undefined;

/** The bindings that the package itself uses. */
function bindings(): Bindings {
  loaded ??= createRequire(require.resolve('@duckdb/node-api'))('@duckdb/node-bindings') as Bindings;
  return loaded;
}

/** Types by their numbers in DuckDB's C interface. */
const [INTEGER, FLOAT, DOUBLE] = [4, 10, 11];

/** Consecutive rows of an answer. */
export interface Chunk {
  readonly rows: number;
  readonly chunk: DuckDBDataChunk;
  /** Of each column, the number of its type. */
  readonly types: readonly number[];
}

/** Of each column of an answer, the number of its type. */
export function typesOf(result: DuckDBResult): number[] {
  return Array.from({ length: result.columnCount }, (_, column) => result.columnTypeId(column));
}

/** The values of a DOUBLE or FLOAT column that holds no nulls. */
export function numbers(chunk: Chunk, column: number): Numbers {
  const { rows, types } = chunk;
  if (types[column] === FLOAT) return new Float32Array(bytesOf(chunk, column, 4 * rows), 0, rows);
  invariant(types[column] === DOUBLE, 'DuckDB gave no DOUBLE vector');
  return new Float64Array(bytesOf(chunk, column, 8 * rows), 0, rows);
}

/** The values of an INTEGER column that holds no nulls. */
export function integers(chunk: Chunk, column: number): Int32Array {
  invariant(chunk.types[column] === INTEGER, 'DuckDB gave no INTEGER vector');
  return new Int32Array(bytesOf(chunk, column, 4 * chunk.rows), 0, chunk.rows);
}

function bytesOf({ chunk }: Chunk, column: number, bytes: number): ArrayBuffer {
  const { data_chunk_get_vector, vector_get_data } = bindings();
  const copy = vector_get_data(data_chunk_get_vector(chunk.chunk, column), bytes);
  invariant(copy.byteOffset === 0 && copy.byteLength === bytes, 'DuckDB gave a vector of another length');
  return copy.buffer;
}

/**
 * The strings of a column that was selected as `encode(…)`, as codes of the values that the chunk holds; -1 for null.
 * (UTF-8 bytes, because the package's own way to a string swallows a byte order mark.)
 */
export function strings({ rows, chunk }: Chunk, column: number): CategoryValues {
  const vector = chunk.getColumnVector(column);
  const coder = createCoder(rows);
  for (let row = 0; row < rows; row++) coder.add(decodeText(vector.getItem(row)));
  return coder.values;
}

/** The string of an `encode(…)`. */
export function decodeText(value: DuckDBValue): string | null {
  if (value === null) return null;
  const { bytes } = value as DuckDBBlobValue;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
