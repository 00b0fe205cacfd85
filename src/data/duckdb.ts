/**
 * One DuckDB engine, as paragrad needs it: SQL in, small results or a stream of column chunks out, and an orderly end.
 *
 * It lives in the coordinator only: a thread that ends with a query in flight takes the whole process with it. So every
 * query is watched: an aborted signal, or `close`, interrupts it and waits until it has really ended. A single interrupt
 * may fall between two stages of a query and be lost; it is repeated until the query ends.
 *
 * The package is loaded on first use, so that runs without Parquet never pay for it, and by `require`: to import it takes
 * Node twice as long (160 against 75 ms), which reads its CommonJS files once more for the names that they export.
 */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { ParagradError } from '../errors.js';
import { type Chunk, typesOf } from './duckdb-chunk.js';
import { checkInterrupt, interrupted } from './interrupt.js';

export interface DuckDBOptions {
  /** Threads of a query. More than one are for its result as a whole: they read its chunks, in their order, no faster. */
  readonly threads: number;
  /** Bytes that it may use; beyond it spills to temporary files, or fails. Default 2 GiB. */
  readonly memoryBytes?: number | undefined;
  /** What is being read, for messages. */
  readonly subject: string;
}

const require = createRequire(import.meta.url);

/** What DuckDB may use by default. */
const MEMORY_BYTES = 0x8000_0000;
const INTERRUPT_EVERY_MS = 10;

/** A running query and the connection to interrupt it by. */
interface InFlight {
  readonly connection: DuckDBConnection;
  readonly work: Promise<unknown>;
}

/** One engine; `close` it. */
export class DuckDB {
  readonly #instance: DuckDBInstance;
  readonly #subject: string;
  readonly #inFlight = new Set<InFlight>();
  #closing: Promise<void> | undefined;
  #enums = 0;

  private constructor(instance: DuckDBInstance, subject: string) {
    this.#instance = instance;
    this.#subject = subject;
  }

  static async open(options: DuckDBOptions): Promise<DuckDB> {
    const { DuckDBInstance } = require('@duckdb/node-api') as typeof import('@duckdb/node-api');
    const memory = Math.floor(options.memoryBytes ?? MEMORY_BYTES);
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(Math.max(1, options.threads)),
      memory_limit: `${memory}B`,
      preserve_insertion_order: 'true',
      temp_directory: join(tmpdir(), `paragrad-duckdb-${randomUUID()}`),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    return new DuckDB(instance, options.subject);
  }

  /** All rows of a small result. */
  async rows(sql: string, signal?: AbortSignal): Promise<DuckDBValue[][]> {
    return await this.#connected((connection) =>
      this.#watch(connection, signal, async () => (await connection.runAndReadAll(sql)).getRows()),
    );
  }

  /** Chunks of a large result, in order, the next one fetched while the caller works on the last. */
  async *chunks(sql: string, signal?: AbortSignal): AsyncGenerator<Chunk, void, undefined> {
    const connection = await this.#connect();
    let next: Promise<DuckDBDataChunk | null> | undefined;
    try {
      const result = await this.#watch(connection, signal, () => connection.stream(sql));
      const types = typesOf(result);
      const fetch = () => {
        next = this.#watch(connection, signal, () => result.fetchChunk());
        next.catch(() => {}); // reported where it is awaited
      };
      fetch();
      for (;;) {
        const chunk = await next;
        const rows = chunk?.rowCount ?? 0;
        if (!chunk || rows === 0) return;
        fetch();
        yield { rows, chunk, types };
      }
    } finally {
      connection.interrupt();
      await next?.catch(() => {});
      connection.disconnectSync();
    }
  }

  /** Makes an ENUM type of these values, in this order, and gives its name. `dropEnum` it. */
  async createEnum(values: readonly string[], signal?: AbortSignal): Promise<string> {
    const name = `values${this.#enums++}`;
    const list = values.map(quoteLiteral).join(', ');
    await this.rows(`CREATE TYPE ${name} AS ENUM (SELECT unnest([${list}]::VARCHAR[]))`, signal);
    return name;
  }

  /** Forgets an ENUM type; a closed engine has forgotten it already. */
  async dropEnum(name: string): Promise<void> {
    if (this.#closing === undefined) await this.rows(`DROP TYPE ${name}`);
  }

  /** Interrupts what runs, waits for its end, and frees the engine. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const running = [...this.#inFlight];
    const stop = () => {
      for (const { connection } of running) connection.interrupt();
    };
    stop();
    const timer = setInterval(stop, INTERRUPT_EVERY_MS);
    await Promise.allSettled(running.map(({ work }) => work));
    clearInterval(timer);
    this.#instance.closeSync();
  }

  async #connect(): Promise<DuckDBConnection> {
    if (this.#closing !== undefined) throw interrupted(this.#subject);
    try {
      return await this.#instance.connect();
    } catch (cause) {
      if (this.#closing !== undefined) throw interrupted(this.#subject); // closed meanwhile
      throw cause;
    }
  }

  async #connected<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#connect();
    try {
      return await use(connection);
    } finally {
      connection.disconnectSync();
    }
  }

  #outOfMemory(line: string, cause: unknown): ParagradError {
    return new ParagradError('memory_limit', `${this.#subject} cannot be read in the memory that there is: ${line}`, {
      cause,
      hint: 'Raise --memory-limit, use fewer --workers, or write the file with smaller row groups.',
    });
  }

  async #watch<T>(connection: DuckDBConnection, signal: AbortSignal | undefined, start: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw interrupted(this.#subject);
    checkInterrupt(signal, this.#subject);
    const work = start();
    const entry: InFlight = { connection, work };
    this.#inFlight.add(entry);
    let timer: NodeJS.Timeout | undefined;
    const stop = () => {
      connection.interrupt();
      timer = setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
    };
    signal?.addEventListener('abort', stop, { once: true });
    const stopped = () => signal?.aborted || this.#closing !== undefined;
    try {
      const result = await work;
      if (stopped()) throw interrupted(this.#subject); // an interrupted stream may look like one that ended
      return result;
    } catch (cause) {
      if (stopped()) throw interrupted(this.#subject);
      const [line] = String(cause instanceof Error ? cause.message : cause).split('\n');
      if (line.startsWith('Out of Memory Error')) throw this.#outOfMemory(line, cause);
      throw new ParagradError('unreadable', `${this.#subject} cannot be read: ${line}`, { cause });
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', stop);
      this.#inFlight.delete(entry);
    }
  }
}

/** The name of a column as SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as SQL. A NUL would end the statement, so it is spelt out. */
export function quoteLiteral(text: string): string {
  const quoted = text
    .split('\0')
    .map((part) => `'${part.replaceAll("'", "''")}'`)
    .join(' || chr(0) || ');
  return text.includes('\0') ? `(${quoted})` : quoted;
}
