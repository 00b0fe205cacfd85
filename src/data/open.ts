/** Opens a table by location: finds out that there is a file, and which format reads it. What is inside is the format's concern. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ParagradError } from '../errors.js';
import type { Format, OpenOptions } from './formats/format.js';
import { FORMATS } from './formats/index.js';
import { checkInterrupt } from './interrupt.js';
import type { Table } from './table.js';

/**
 * Opens a table file for reading.
 *
 * @param location a path
 * @returns a table with at least one row; the caller closes it
 * @throws ParagradError `no_such_file`, `not_a_file`, `unknown_format`, `wrong_format`, `truncated`, `unsupported_file`,
 *   `unreadable` or `no_rows`
 * @example
 * const table = await openTable('houses.parquet', { threads: 2 });
 */
export async function openTable(location: string, options: OpenOptions = {}): Promise<Table> {
  await checkFile(location);
  const format = formatOf(location);
  checkInterrupt(options.signal, location);
  const table = await format.open(location, options);
  if (table.rows > 0) return table;
  await table.close();
  throw new ParagradError('no_rows', `${location} has no rows`, {
    hint: `It has ${table.columns.length} columns; write at least one row.`,
  });
}

async function checkFile(location: string): Promise<void> {
  try {
    const found = await stat(location);
    if (found.isDirectory()) {
      throw new ParagradError('not_a_file', `${location} is a directory, not a table`, { hint: 'Name a file in it.' });
    }
  } catch (cause) {
    if (cause instanceof ParagradError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ParagradError('no_such_file', `no such file: ${location}`);
    throw new ParagradError('unreadable', `${location} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function formatOf(location: string): Format {
  const name = basename(location).toLowerCase();
  for (const format of Object.values<Format>(FORMATS)) {
    if (format.extensions.some((extension) => name.endsWith(extension))) return format;
  }
  const known = Object.values<Format>(FORMATS).flatMap((format) => format.extensions);
  throw new ParagradError('unknown_format', `${location} is of no format that paragrad knows by its name`, {
    hint: `It reads files that end in ${known.join(', ')}.`,
  });
}
