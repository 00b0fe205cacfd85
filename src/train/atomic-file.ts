/**
 * Files that are there whole or not at all: written under a temporary name in the same folder, flushed to the disk, then
 * renamed over the final name. A crash leaves at most a hidden `.tmp` file; a failure or an interruption leaves nothing.
 */
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ParagradError } from '../errors.js';

/** Errors of the file system that mean that the user must choose another place. */
const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'disk quota exceeded',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'a file of this name is in the way',
  ENAMETOOLONG: 'the name is too long',
};

/**
 * Replaces or creates the file `path` with what `write` puts into the temporary file whose path it gets.
 *
 * @throws ParagradError `not_writable`, or whatever `write` throws; nothing is left behind in either case
 */
export async function replaceFile(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  try {
    // Made at once, so that a place which cannot be written is told before any work is done for it.
    await writeFile(temporary, '');
    await write(temporary);
    await flush(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw notWritable(path, error);
  }
  // The rename itself is on the disk only once the folder is. Some systems cannot open folders; then there is no way to.
  await flush(folder).catch(() => undefined);
}

/** `replaceFile` for content that is at hand. */
export function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  return replaceFile(path, (temporary) => writeFile(temporary, content));
}

/** Says in one line why a path cannot be written, where that is what the error means; else the error itself. */
export function notWritable(path: string, error: unknown): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException | null)?.code ?? ''];
  if (reason === undefined || error instanceof ParagradError) return error;
  return new ParagradError('not_writable', `cannot write ${path}: ${reason}`, { cause: error });
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
