/**
 * Opens a table: finds out which files there are and which format reads them. What is inside is the format's concern.
 *
 * A table is a file, several, a folder or a glob; standard input; the rows of a query; or an Arrow table in memory.
 */
import { basename, extname } from 'node:path';
import process from 'node:process';
import type { Table as ArrowTable } from 'apache-arrow';
import { ParagradError } from '../errors.js';
import { findFiles } from './find-files.js';
import type { Format, OpenOptions } from './formats/format.js';
import { FORMAT_NAMES, FORMATS, type FormatName } from './formats/index.js';
import { checkInterrupt } from './interrupt.js';
import { partitionColumns, withPartitions } from './partitions.js';
import { takeStamp } from './stamp.js';
import type { Table, TableFile, TableSource } from './table.js';

/** What messages call standard input, and how it is named as data. */
const STANDARD_INPUT = 'standard input';
export const STANDARD_INPUT_PATH = '-';

/** Files, folders and globs whose rows are read one after the other; `-` for standard input; or an Arrow table. */
export type DataSource = string | readonly string[] | ArrowTable;

/** What a user says of the data. */
export interface TableRequest {
  readonly data?: DataSource | undefined;
  /** SQL whose rows are read instead. */
  readonly query?: string | undefined;
  /** The format of all files. Default: by their names. */
  readonly format?: FormatName | undefined;
}

/**
 * Opens a table for reading.
 *
 * @param request what to read: the data, or more said of it
 * @returns a table with at least one row; the caller closes it
 * @throws ParagradError `no_such_file`, `no_files`, `not_a_file`, `unknown_format`, `mixed_formats`, `wrong_format`,
 *   `truncated`, `unsupported_file`, `unreadable`, `schema_mismatch`, `duplicate_column`, `bad_query`, `disk_full` or
 *   `no_rows`
 * @example
 * const table = await openTable('houses.parquet', { threads: 2 });
 */
export async function openTable(request: DataSource | TableRequest, options: OpenOptions = {}): Promise<Table> {
  const isSource = typeof request === 'string' || Array.isArray(request) || isArrowTable(request);
  const { data, query, format } = isSource ? ({ data: request } as TableRequest) : (request as TableRequest);
  if (query !== undefined) return await nonEmpty((await import('./formats/query.js')).openQuery(query, options));
  if (isArrowTable(data)) return await nonEmpty((await import('./formats/memory.js')).openMemory(data, options));
  const paths = typeof data === 'string' ? [data] : (data ?? []);
  if (paths.includes(STANDARD_INPUT_PATH)) return await openStandardInput(paths, format, options);
  return await openSource(await findSource(paths, format), options);
}

/**
 * Opens the files of a source, as a thread does that was given it.
 *
 * @throws ParagradError as `openTable` does, and `file_changed`
 */
export async function openSource(source: TableSource, options: OpenOptions = {}): Promise<Table> {
  checkInterrupt(options.signal, source.location);
  const format: Format = FORMATS[source.format as FormatName];
  return await nonEmpty(format.open(source, options).then(partitioned));
}

async function partitioned(table: Table): Promise<Table> {
  try {
    return withPartitions(table);
  } catch (error) {
    await table.close();
    throw error;
  }
}

async function nonEmpty(opening: Promise<Table>): Promise<Table> {
  const table = await opening;
  if (table.rows > 0) return table;
  await table.close();
  throw new ParagradError('no_rows', `${table.location} has no rows`, {
    hint: `It has ${table.columns.length} columns; write at least one row.`,
  });
}

/** The files of a request, as they are now. */
async function findSource(paths: readonly string[], format: FormatName | undefined): Promise<TableSource> {
  const found = await findFiles(paths, (name) => format !== undefined || formatOf(name) !== null);
  const formats = found.map(({ path }) => format ?? knownFormat(path));
  const other = formats.findIndex((name) => name !== formats[0]);
  if (other > 0) {
    const [a, b] = [FORMATS[formats[0]].label, FORMATS[formats[other]].label];
    throw new ParagradError('mixed_formats', `${found[0].path} is ${a} and ${found[other].path} is ${b}`, {
      hint: 'Files of one table are of one format; --query can join others.',
    });
  }
  const files: TableFile[] = [];
  for (const { path } of found) files.push({ path, name: path, stamp: await takeStamp(path) });
  return { format: formats[0], location: locationOf(paths, files), files, partitions: partitionColumns(found) };
}

/** What messages call the table. */
function locationOf(paths: readonly string[], files: readonly TableFile[]): string {
  if (files.length === 1) return files[0].name;
  if (paths.length === 1) return `${paths[0]} (${files.length} files)`;
  return `${files[0].name} and ${files.length - 1} more ${files.length === 2 ? 'file' : 'files'}`;
}

async function openStandardInput(
  paths: readonly string[],
  format: FormatName | undefined,
  options: OpenOptions,
): Promise<Table> {
  if (paths.length > 1) {
    throw new ParagradError('mixed_formats', 'standard input (-) cannot be read together with files', {
      hint: 'Name one or the other.',
    });
  }
  if (format === undefined) {
    throw new ParagradError('unknown_format', 'the format of standard input cannot be told by a name', {
      hint: `Give --format ${FORMAT_NAMES.join('|')}.`,
    });
  }
  const { copyTo, createStaging } = await import('./staging.js');
  const staging = await createStaging();
  try {
    const path = staging.path(`input.${format}`);
    await copyTo(path, process.stdin, STANDARD_INPUT, options.signal);
    const files = [{ path, name: STANDARD_INPUT, stamp: await takeStamp(path) }];
    const table = await openSource({ format, location: STANDARD_INPUT, files, partitions: [] }, options);
    return {
      ...table,
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

function knownFormat(path: string): FormatName {
  const format = formatOf(path);
  if (format !== null) return format;
  const known = Object.values<Format>(FORMATS).flatMap((each) => each.extensions);
  throw new ParagradError('unknown_format', `${path} is of no format that paragrad knows by its name`, {
    hint: `It reads files that end in ${known.join(', ')}; for others give --format.`,
  });
}

function formatOf(path: string): FormatName | null {
  const name = basename(path).toLowerCase();
  if (extname(name) === '') return null;
  return (
    FORMAT_NAMES.find((format) => FORMATS[format].extensions.some((extension) => name.endsWith(extension))) ?? null
  );
}

/** Whether this is a table of apache-arrow, of whichever copy of it. */
export function isArrowTable(data: unknown): data is ArrowTable {
  return typeof data === 'object' && data !== null && 'schema' in data && 'batches' in data && 'numRows' in data;
}
