/**
 * From what a user names to files: a file as it is, a folder for the tables in it and below, a glob for what it matches.
 * Below a folder or the fixed part of a glob, folders called `column=value` (as Hive and Spark write them) are columns.
 */
import { promises as fs, type Stats } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { ParagradError } from '../errors.js';
import { expandGlob, isGlob, splitGlob } from './glob.js';

export interface FoundFile {
  readonly path: string;
  /** Values by column name, null for Hive's name of a missing one. */
  readonly partitions: ReadonlyMap<string, string | null>;
}

/** How Hive calls a folder whose value is null. */
const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__';

/**
 * Finds the files of a table, in the order named; those of a folder or a glob sorted by path. A file named twice is one.
 *
 * @param isTable whether a file found in a folder is one to read
 * @throws ParagradError `no_such_file`, `no_files` or `unreadable`
 */
export async function findFiles(paths: readonly string[], isTable: (name: string) => boolean): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const path of paths) for (const file of await expand(path, isTable)) found.set(file.path, file);
  return [...found.values()];
}

async function expand(path: string, isTable: (name: string) => boolean): Promise<FoundFile[]> {
  const stats = await statOf(path);
  if (stats?.isDirectory()) {
    const below = (await filesBelow(path)).filter((file) => isTable(basename(file))).sort();
    if (below.length > 0) return below.map((file) => ({ path: file, partitions: partitionsOf(relative(path, file)) }));
    throw new ParagradError('no_files', `${path} is a directory with no table in it`, { hint: 'Name a file.' });
  }
  if (stats !== null) return [{ path, partitions: new Map() }];
  if (!isGlob(path)) throw new ParagradError('no_such_file', `no such file: ${path}`);
  const matches = await expandGlob(path);
  if (matches.length === 0) throw new ParagradError('no_such_file', `no file matches ${path}`);
  const { base } = splitGlob(path);
  return matches.map((file) => ({ path: file, partitions: partitionsOf(relative(base, file)) }));
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await fs.stat(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ParagradError('unreadable', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Files below a folder, but for hidden ones and those that writers leave beside tables (`_SUCCESS`, `_metadata`). */
async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    if (/^[._]/.test(entry.name)) continue;
    const path = join(folder, entry.name);
    const isFolder = entry.isSymbolicLink() ? ((await statOf(path))?.isDirectory() ?? false) : entry.isDirectory();
    if (isFolder) files.push(...(await filesBelow(path)));
    else files.push(path);
  }
  return files;
}

function partitionsOf(path: string): Map<string, string | null> {
  const folders = path.split(sep).slice(0, -1);
  return new Map(
    folders.flatMap((folder) => {
      const at = folder.indexOf('=');
      if (at <= 0) return [];
      const value = decode(folder.slice(at + 1));
      return [[decode(folder.slice(0, at)), value === HIVE_NULL ? null : value] as const];
    }),
  );
}

/** Names are written with %20 and the like. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
