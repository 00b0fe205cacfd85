/**
 * A table as paragrad sees it, whatever the file format: named columns, rows by global index, blocks as stored.
 * A format decodes row ranges into column batches; what the values mean for a network is preprocess.ts's concern.
 */

/** How a column can be used: as a number, as one of finitely many values, or not at all (yet). */
export type ColumnKind = 'number' | 'category' | 'boolean' | 'unsupported';

export interface Column {
  readonly name: string;
  /** The type as the file calls it (DOUBLE, Utf8, Dictionary<Int8, Utf8> …), for messages. */
  readonly type: string;
  readonly kind: ColumnKind;
}

/** A run of rows as stored (Parquet row group, Arrow record batch): a unit of reading and nothing else. */
export interface Block {
  /** First row, inclusive. */
  readonly rowStart: number;
  /** Last row, exclusive. */
  readonly rowEnd: number;
}

/** Decoded values of one number column: missing (null or NaN) is NaN. */
export interface NumberValues {
  readonly kind: 'number';
  readonly values: Float64Array;
}

/** Decoded values of one category or boolean column: an index into `dictionary`, -1 where missing. Booleans read "false", "true". */
export interface CategoryValues {
  readonly kind: 'category';
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
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
  readonly signal?: AbortSignal | undefined;
}

/** An open table. `close` interrupts whatever is being read and frees it; safe to call twice. */
export interface Table {
  readonly location: string;
  readonly format: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly blocks: readonly Block[];
  /** Who decodes: DuckDB reads in the coordinator only; Arrow blocks are decoded by the workers, each opening the file itself. */
  readonly decodedBy: 'coordinator' | 'workers';
  /** Batches in row order. */
  read(request: ReadRequest): AsyncIterable<RowBatch>;
  close(): Promise<void>;
}
