/**
 * Whether a file is still the one that was opened: size, time of modification and inode, compared before every later read.
 * A table is read more than once, and rows that changed in between would make weights that belong to no table.
 */
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ParagradError } from '../errors.js';

/** Plain data. */
export interface Stamp {
  /** Bytes. */
  readonly size: bigint;
  /** Nanoseconds since 1970. */
  readonly modified: bigint;
  readonly inode: bigint;
}

/** @throws ParagradError `no_such_file`, `not_a_file` or `unreadable` */
export async function takeStamp(path: string): Promise<Stamp> {
  let found: BigIntStats;
  try {
    found = await stat(path, { bigint: true });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ParagradError('no_such_file', `no such file: ${path}`);
    throw new ParagradError('unreadable', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (found.isFile()) return { size: found.size, modified: found.mtimeNs, inode: found.ino };
  throw new ParagradError('not_a_file', `${path} is not a regular file`, { hint: 'Copy what it gives to a file.' });
}

interface StampedFile {
  readonly path: string;
  readonly name: string;
  readonly stamp: Stamp;
}

/** @throws ParagradError `file_changed` where the file was written to, is another one now, or is gone */
export async function checkStamp({ path, name, stamp }: StampedFile): Promise<void> {
  const now = await stat(path, { bigint: true }).catch(() => null);
  if (now === null) throw changed(`${name} is gone; it was there when it was opened`);
  if (now.size !== stamp.size || now.mtimeNs !== stamp.modified || now.ino !== stamp.inode) {
    throw changed(`${name} has changed since it was opened`);
  }
}

function changed(what: string): ParagradError {
  return new ParagradError('file_changed', what, {
    hint: 'Leave the files alone until the work is done, and start again.',
  });
}
