/** What CSV and JSON files have in common: they may be compressed or of another encoding, and DuckDB explains itself at length. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ParagradError } from '../../errors.js';
import { quoteLiteral } from '../duckdb.js';
import { gunzipTo, transcodeTo } from '../staging.js';
import type { TableFile } from '../table.js';
import type { Conversion } from './convert.js';

/** The first two bytes of a gzip file, and of text in UTF-16, as spreadsheets write it. */
const GZIP = 0x1f8b;
const UTF_16 = new Map([
  [0xfffe, 'utf-16le'],
  [0xfeff, 'utf-16be'],
]);

/** Paths of the files, or of copies in plain UTF-8 of those that are gzip files or UTF-16. */
export async function plainFiles(files: readonly TableFile[], { staging, signal }: Conversion): Promise<string[]> {
  const paths: string[] = [];
  for (const [i, { path, name }] of files.entries()) {
    const start = await firstBytes(path);
    const encoding = UTF_16.get(start);
    const isPlain = start !== GZIP && encoding === undefined;
    paths.push(isPlain ? resolve(path) : staging.path(`${i}.text`));
    if (start === GZIP) await gunzipTo(paths[i], path, name, signal);
    if (encoding !== undefined) await transcodeTo(paths[i], path, encoding, name, signal);
  }
  return paths;
}

/** The first two bytes as a number; 0 of a file without them. */
async function firstBytes(path: string): Promise<number> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(2);
    await file.read(head, 0, 2, 0);
    return head.readUInt16BE(0);
  } finally {
    await file.close();
  }
}

/** Paths as SQL. */
export function pathList(paths: readonly string[]): string {
  return `[${paths.map(quoteLiteral).join(', ')}]`;
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/unicode/i, 'Text is UTF-8 or UTF-16; iconv -f WINDOWS-1252 -t UTF-8 converts what a Western spreadsheet wrote.'],
  [
    /Expected Number of Columns|unterminated quote/,
    'Every line has as many fields as the first; one that has a delimiter or a line end in it stands in double quotes.',
  ],
];

/** A file that DuckDB could not read: where, and the first thing that it says of it. */
export function explained(error: unknown, name: string): unknown {
  if (!(error instanceof ParagradError) || error.code !== 'unreadable') return error;
  const { message } = error.cause as Error;
  const csv =
    /CSV Error on Line: (\d+)\n(?:Original Line: [\s\S]*?\n(?=Value with|Expected|Invalid)|Original Line: .*\n)?(.+)/.exec(
      message,
    );
  const json = /Malformed JSON .*?, at (byte .*? in line \d+): ([^\n]*)/.exec(message);
  const why = csv ? `line ${csv[1]}: ${csv[2]}` : json ? `${json[1]}: ${json[2]}` : message.split('\n')[0];
  const hint = HINTS.find(([pattern]) => pattern.test(why))?.[1];
  return new ParagradError('unreadable', `${name} cannot be read: ${why.trim()}`, {
    cause: error,
    ...(hint && { hint }),
  });
}
