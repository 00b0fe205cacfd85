/**
 * Where the rows of a run are kept while it trains: in memory, or in a temporary file and a few windows of them at a time
 * in memory. The limit decides this and nothing else: order, and so every bit, is the same either way.
 *
 * What counts is everything that paragrad plans to hold at once: while it reads, DuckDB, the places of the rows, and the rows or
 * those on their way to the disk; while it trains, the network, and the rows or some windows of them. Node itself (40 MB, and
 * 15 to 35 MB a worker) does not.
 */
import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import type { OrderPlan } from '../data/order.js';
import { ringWindows } from '../data/ring.js';
import { STRETCH_BYTES, type StagingSizes } from '../data/spool.js';
import { CHUNK_ROWS } from '../data/statistics.js';
import { ParagradError } from '../errors.js';

/** Without --memory-limit: this share of the memory that the machine, or its container, has. */
const DEFAULT_SHARE = 0.75;
/** While a table is read, DuckDB gets this share of the limit, but no more than it profits from. */
const DUCKDB_SHARE = 0.5;
const MOST_DUCKDB_BYTES = 2 ** 31;

/** Bytes that a run may plan for. */
export function memoryLimit(asked: number | undefined): number {
  if (asked !== undefined) return asked;
  // Without a limit, the container's is 0 or beyond any machine.
  const contained = constrainedMemory();
  return Math.floor(DEFAULT_SHARE * (contained > 0 ? Math.min(contained, totalmem()) : totalmem()));
}

/** Bytes that DuckDB may use for each of so many tables. */
export function duckdbBytes(limit: number, tables: number): number {
  return Math.floor(Math.min(MOST_DUCKDB_BYTES, DUCKDB_SHARE * limit) / tables);
}

/** The sizes that decide. */
export interface MemoryRequest {
  /** Bytes. */
  readonly limit: number;
  /** Rows of all tables that are read before the training. */
  readonly tableRows: number;
  readonly trainRows: number;
  readonly validationRows: number;
  /** float32 words a row. */
  readonly stride: number;
  /** Of the sample that preprocessing is decided by; 0: none is needed. */
  readonly sampleBytes: number;
  readonly order: OrderPlan;
  readonly batchSize: number;
  /** Bytes of the memory plan of the steps, and of what is kept of it from epoch to epoch. */
  readonly workingBytes: number;
  readonly threads: number;
}

export type RowStorage =
  | { readonly kind: 'memory' }
  | {
      readonly kind: 'file';
      /** Of the ring. */
      readonly windows: number;
      readonly staging: StagingSizes;
    };

/**
 * Decides where rows are kept.
 *
 * @throws ParagradError `memory_limit` with the numbers, when not even the windows fit
 */
export function planStorage(request: MemoryRequest): RowStorage {
  const { limit, tableRows, trainRows, validationRows, stride, order, batchSize, threads } = request;
  const rowBytes = 4 * stride;
  const reading = [
    { bytes: duckdbBytes(limit, 1), what: 'DuckDB' },
    { bytes: 4 * tableRows, what: 'the places of the rows' },
    ...(request.sampleBytes === 0 ? [] : [{ bytes: request.sampleBytes, what: 'a sample of the rows' }]),
  ];
  const training = [{ bytes: request.workingBytes, what: 'the network' }];
  const whole = { bytes: rowBytes * (trainRows + validationRows), what: 'the rows' };
  if (fits(limit, [...reading, whole], [...training, whole])) return { kind: 'memory' };
  if (order.windows === 1) throw tooLittle(limit, [...reading, whole], [...training, whole], 'Raise --memory-limit.');

  const windows = ringWindows(order, batchSize);
  const staging = { stagings: threads + 1, stretchBytes: STRETCH_BYTES };
  const stretches = staging.stagings * (staging.stretchBytes + CHUNK_ROWS * rowBytes);
  reading.push({ bytes: stretches, what: 'rows on their way to the disk' });
  training.push({ bytes: windows * order.windowRows * rowBytes, what: `${windows} windows of rows` });
  // At most: a score of 8 bytes and a weight of 8.
  training.push({ bytes: 16 * validationRows, what: 'the scores of the validation rows' });
  if (fits(limit, reading, training)) return { kind: 'file', windows, staging };
  const smaller = windows > 3 ? 'Raise --memory-limit, or lower --batch-size.' : 'Raise --memory-limit.';
  throw tooLittle(limit, reading, training, smaller);
}

interface Part {
  readonly bytes: number;
  readonly what: string;
}

function sum(parts: readonly Part[]): number {
  return parts.reduce((total, { bytes }) => total + bytes, 0);
}

function fits(limit: number, reading: readonly Part[], training: readonly Part[]): boolean {
  return sum(reading) <= limit && sum(training) <= limit;
}

/** Says what takes the most, in the part of the run that takes more. */
function tooLittle(limit: number, reading: readonly Part[], training: readonly Part[], hint: string): ParagradError {
  const [parts, when] = sum(reading) > sum(training) ? [reading, 'to read its rows'] : [training, 'to train'];
  const list = parts.map(({ bytes, what }) => `${what} ${megabytes(bytes)}`).join(', ');
  return new ParagradError(
    'memory_limit',
    `this run needs ${megabytes(sum(parts))} of memory ${when}, and the limit is ${megabytes(limit)}: ${list}`,
    { hint },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
