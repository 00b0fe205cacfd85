/** What a table format is: the names of its files, and how one is opened. */
import type { Table } from '../table.js';

export interface OpenOptions {
  /** Threads that may read at once: as many as the run has workers. Default 1. */
  readonly threads?: number;
  /** Bytes that a reader may plan to hold. Default: what it profits from. */
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Format {
  /** As a person calls it, for messages. */
  readonly label: string;
  /** File name endings, lower case, with their dot. */
  readonly extensions: readonly string[];
  /**
   * Opens a file that exists.
   *
   * @throws ParagradError `wrong_format`, `truncated`, `unsupported_file` or `unreadable`
   */
  open(location: string, options: OpenOptions): Promise<Table>;
}
