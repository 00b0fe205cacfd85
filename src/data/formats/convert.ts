/**
 * What DuckDB reads but cannot read in parts (text, queries) is written once to Parquet, in a temporary folder, and read
 * from there: after that there is one way.
 */
import { ParagradError } from '../../errors.js';
import { DuckDB, quoteLiteral } from '../duckdb.js';
import { createStaging, diskFull, type Staging } from '../staging.js';
import { takeStamp } from '../stamp.js';
import type { Table, TableFile, TableSource } from '../table.js';
import type { OpenOptions } from './format.js';
import { openParquet } from './parquet.js';

/** What a conversion has at hand. */
export interface Conversion {
  readonly duckdb: DuckDB;
  readonly staging: Staging;
  readonly signal: AbortSignal | undefined;
  /** Writes the rows of a query to a Parquet file, and gives it. `name` is what messages call it. */
  write(query: string, name: string): Promise<TableFile>;
}

/**
 * Converts, and opens what came of it. The copies live as long as the table.
 *
 * @param label the format as a person calls it
 * @param convert gives the files of the table
 * @throws ParagradError `disk_full`, `unreadable`, and what `convert` throws
 */
export async function openConverted(
  source: TableSource,
  label: string,
  options: OpenOptions,
  convert: (conversion: Conversion) => Promise<readonly TableFile[]>,
): Promise<Table> {
  const { threads = 1, memoryBytes, signal } = options;
  const { location } = source;
  const staging = await createStaging();
  try {
    const duckdb = await DuckDB.open({ threads, memoryBytes, subject: location });
    let files: readonly TableFile[];
    try {
      files = await convert({ duckdb, staging, signal, write: createWriter(duckdb, staging, location, signal) });
    } finally {
      await duckdb.close();
    }
    const table = await openParquet({ ...source, format: 'parquet', files }, options);
    return {
      ...table,
      format: label,
      async close() {
        await table.close();
        await staging.remove();
      },
    };
  } catch (error) {
    await staging.remove();
    throw error;
  }
}

function createWriter(
  duckdb: DuckDB,
  staging: Staging,
  location: string,
  signal: AbortSignal | undefined,
): Conversion['write'] {
  let written = 0;
  return async (query, name) => {
    const path = staging.path(`${written++}.parquet`);
    await writeParquet(duckdb, query, path, location, signal);
    return { path, name, stamp: await takeStamp(path) };
  };
}

/**
 * Writes the rows of a query, in its order.
 *
 * @throws ParagradError `disk_full` or `unreadable`
 */
export async function writeParquet(
  duckdb: DuckDB,
  query: string,
  path: string,
  subject: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await duckdb.rows(`COPY (${query}\n) TO ${quoteLiteral(path)} (FORMAT parquet, USE_TMP_FILE false)`, signal);
  } catch (error) {
    const full = error instanceof ParagradError && /No space left on device|failed to offload/i.test(error.message);
    throw full ? diskFull(subject, error) : error;
  }
}
