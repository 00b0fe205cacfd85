/** What a table format is: the names of its files, and how they are opened. */
import type { ColumnKind, Table, TableSource } from '../table.js';

export interface OpenOptions {
  /** Threads that may read at once: as many as the run has workers. Default 1. */
  readonly threads?: number;
  /** Bytes that a reader may plan to hold. Default: what it profits from. */
  readonly memoryBytes?: number | undefined;
  /** What columns hold where a CSV file leaves it open, by name: those of the table that this one goes with. */
  readonly kinds?: ReadonlyMap<string, ColumnKind> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Format {
  /** As a person calls it, for messages. */
  readonly label: string;
  /** File name endings, lower case, with their dot. */
  readonly extensions: readonly string[];
  /**
   * Opens files, at least one, as one table: their rows one after the other. Partitions are left to the caller.
   *
   * @throws ParagradError `wrong_format`, `truncated`, `unsupported_file`, `unreadable`, `duplicate_column` or
   *   `schema_mismatch`
   */
  open(source: TableSource, options: OpenOptions): Promise<Table>;
}
