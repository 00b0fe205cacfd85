/**
 * A table as paragrad sees it, whatever the file format: named columns, rows by global index, blocks as stored.
 * A format decodes row ranges into column batches; what the values mean for a network is preprocess.ts's concern.
 */

import type { AddonChoice } from '../kernels/native.js';
import type { Stamp } from './stamp.js';

/**
 * How a column can be used: as a number, as a point in time, as a time of day, as one of finitely many values, or not at
 * all.
 */
export type ColumnKind = 'number' | 'time' | 'clock' | 'category' | 'boolean' | 'unsupported';

export interface Column {
  readonly name: string;
  /** The type as the file calls it (DOUBLE, Utf8, Dictionary<Int8, Utf8> …), for messages. */
  readonly type: string;
  readonly kind: ColumnKind;
  /** Of an element of a column of vectors, the column as the file has it; `name` is then `vector[0]`, `vector[1]` … */
  readonly vector?: string;
  /** Of an unsupported column: what to do about it, one sentence. */
  readonly remedy?: string;
}

/** A file that holds rows of a table. */
export interface TableFile {
  /** Where it is read. */
  readonly path: string;
  /** What the user calls it; another path where it is read from a copy. */
  readonly name: string;
  /** As it was when the table was opened. */
  readonly stamp: Stamp;
}

/** The rows of a table that a file holds. */
export interface FileRows extends TableFile, Block {}

/** A column made of the names of folders, `year=2024/…`; a value for each file, null where the folder says so. */
export interface PartitionColumn {
  readonly name: string;
  readonly kind: 'number' | 'category';
  readonly values: readonly (string | null)[];
}

/** All that a thread needs to open the same table itself; plain data. */
export interface TableSource {
  /** Name in the registry of formats. */
  readonly format: string;
  /** What messages call the table. */
  readonly location: string;
  /** In the order of their rows. */
  readonly files: readonly TableFile[];
  readonly partitions: readonly PartitionColumn[];
  /** Elements of each column of vectors, where they are known: it may take a pass over the data to count them. */
  readonly vectors?: Readonly<Record<string, number>>;
}

/** A run of rows as stored (Parquet row group, Arrow record batch): a unit of reading and nothing else. */
export interface Block {
  /** First row, inclusive. */
  readonly rowStart: number;
  /** Last row, exclusive. */
  readonly rowEnd: number;
}

/** float32 where they are stored so. */
export type Numbers = Float64Array | Float32Array;

/**
 * Decoded values of one number column: missing (null or NaN) is NaN. A time is in seconds since 1970-01-01 UTC (one without
 * a time zone is taken for UTC), a time of day in seconds since midnight, a duration in seconds.
 */
export interface NumberValues {
  readonly kind: 'number';
  readonly values: Numbers;
}

/** Decoded values of one category or boolean column: an index into `dictionary`, -1 where missing. Booleans read "false", "true". */
export interface CategoryValues {
  readonly kind: 'category';
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

/** How many values of a number column are of which sort. */
export interface NumberCounts {
  /** Null or NaN. */
  readonly missing: number;
  readonly infinite: number;
  /** Finite, and below 0. */
  readonly negative: number;
}

/** Consecutive rows of the requested columns, in the order in which they were asked for. */
export interface RowBatch {
  readonly rowStart: number;
  readonly rows: number;
  readonly columns: readonly (NumberValues | CategoryValues)[];
}

export interface ReadRequest {
  /** Column names; each must exist and not be `unsupported`. */
  readonly columns: readonly string[];
  /** First row, inclusive. Default 0. */
  readonly rowStart?: number;
  /** Last row, exclusive. Default: all. */
  readonly rowEnd?: number;
  /**
   * Values to look for in a category column, by column name. A format may use such a list as the column's dictionary
   * (any other value then reads as -1), or ignore it: a reader always goes by the dictionary that comes back.
   */
  readonly values?: ReadonlyMap<string, readonly string[]>;
  /** Where kernels that decode faster are from, if there are any; no value depends on them. */
  readonly addon?: AddonChoice | null;
  readonly signal?: AbortSignal | undefined;
}

/** An open table. `close` interrupts whatever is being read and frees it; safe to call twice. */
export interface Table {
  /** What messages call it: the file, or how the files were named. */
  readonly location: string;
  readonly format: string;
  readonly source: TableSource;
  /** The files in the order of their rows. */
  readonly files: readonly FileRows[];
  /** What the user should know of how the table came about, one line each. */
  readonly notes: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly blocks: readonly Block[];
  /** Who decodes: DuckDB reads in the coordinator only; Arrow blocks are decoded by the workers, each opening the file itself. */
  readonly decodedBy: 'coordinator' | 'workers';
  /**
   * Batches in row order, one read at a time. Values are not to be changed, and hold until the next batch is asked for: they may
   * be those of the file as it was read, in memory that is used again.
   *
   * @throws ParagradError `file_changed` where a file is not what it was when the table was opened, or is gone
   */
  read(request: ReadRequest): AsyncIterable<RowBatch>;
  /**
   * The values that occur in each of these category columns, missing ones apart, sorted by UTF-16 code units. A column
   * with more than `limit` of them gives limit + 1 of them, in no particular order.
   */
  distinct(columns: readonly string[], limit: number, signal?: AbortSignal): Promise<string[][]>;
  /**
   * Counts the values of a number column in rows rowStart .. rowEnd (exclusive), where the format can without giving them;
   * null where it cannot.
   */
  countNumbers(column: string, rows: Block, signal?: AbortSignal): Promise<NumberCounts | null>;
  /** How many rows of each of these columns (of any kind) are null. A NaN is a value, not a null. */
  nulls(columns: readonly string[], signal?: AbortSignal): Promise<number[]>;
  close(): Promise<void>;
}
