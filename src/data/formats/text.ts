/** What CSV and JSON files have in common: they may be compressed, and DuckDB explains itself at length. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ParagradError } from '../../errors.js';
import { quoteLiteral } from '../duckdb.js';
import { gunzipTo } from '../staging.js';
import type { TableFile } from '../table.js';
import type { Conversion } from './convert.js';

/** The first two bytes of a gzip file. */
const GZIP = 0x1f8b;

/** Paths of the files, or of decompressed copies of those that are gzip files. */
export async function plainFiles(files: readonly TableFile[], { staging, signal }: Conversion): Promise<string[]> {
  const paths: string[] = [];
  for (const [i, { path, name }] of files.entries()) {
    if (await isGzip(path)) {
      paths.push(staging.path(`${i}.text`));
      await gunzipTo(paths[i], path, name, signal);
    } else {
      paths.push(resolve(path));
    }
  }
  return paths;
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(2);
    await file.read(head, 0, 2, 0);
    return head.readUInt16BE(0) === GZIP;
  } finally {
    await file.close();
  }
}

/** Paths as SQL. */
export function pathList(paths: readonly string[]): string {
  return `[${paths.map(quoteLiteral).join(', ')}]`;
}

/** A file that DuckDB could not read: where, and the first thing that it says of it. */
export function explained(error: unknown, name: string): unknown {
  if (!(error instanceof ParagradError) || error.code !== 'unreadable') return error;
  const { message } = error.cause as Error;
  const csv = /CSV Error on Line: (\d+)\n(?:Original Line: .*\n)?(.+)/.exec(message);
  const json = /Malformed JSON .*?, at (byte .*? in line \d+): ([^\n]*)/.exec(message);
  const why = csv ? `line ${csv[1]}: ${csv[2]}` : json ? `${json[1]}: ${json[2]}` : message.split('\n')[0];
  return new ParagradError('unreadable', `${name} cannot be read: ${why.trim()}`, { cause: error });
}
