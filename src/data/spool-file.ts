/**
 * The temporary file that holds the rows of a table too large for memory: row-major float32, as a dataset has them before
 * they are standardised, at the place of their slot. Written once, by any thread, then read at random by the coordinator.
 *
 * It has a name only for a moment: once open it is removed from its folder, so that no way to end leaves it behind. What the
 * numbers mean is not its concern.
 */
import { writeSync } from 'node:fs';
import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ParagradError } from '../errors.js';

/** How a thread finds the open file to write to it (`writeFully`), until it is closed; plain data. */
export interface SpoolPlace {
  readonly fd: number;
  /** For messages: where the file is, and what is spooled. */
  readonly folder: string;
  readonly subject: string;
}

export interface SpoolFile {
  readonly place: SpoolPlace;
  /** Fills `into` with the bytes from `position`. */
  read(into: Uint8Array, position: number): Promise<void>;
  /** Waits for what is under way; safe to call twice. No thread may still write. */
  close(): Promise<void>;
}

/**
 * Makes a spool file.
 *
 * @param folder where; it must exist
 * @param bytes how many it will hold
 * @param subject what is spooled, for messages
 * @throws ParagradError `disk_full` when there is less room than that, `not_writable`
 */
export async function createSpoolFile(folder: string, bytes: number, subject: string): Promise<SpoolFile> {
  await checkRoom(folder, bytes, subject);
  const path = join(folder, `.spool-${process.pid}.tmp`);
  let file: FileHandle;
  try {
    file = await open(path, 'wx+');
  } catch (cause) {
    throw spoolError(cause, { folder, subject });
  }
  // Where an open file cannot be removed, it is removed once it is closed.
  const remove = () => rm(path, { force: true }).catch(() => undefined);
  await remove();
  let closing: Promise<void> | undefined;
  return {
    place: { fd: file.fd, folder, subject },
    read: (into, position) => readFully(file, into, position, subject),
    close() {
      closing ??= file.close().then(remove);
      return closing;
    },
  };
}

async function checkRoom(folder: string, bytes: number, subject: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw new ParagradError(
    'disk_full',
    `${subject} takes ${gigabytes(bytes)} in a temporary file, and ${folder} has room for ${gigabytes(bavail * bsize)}`,
    { hint: 'Free some, put the run elsewhere with --runs-dir, or raise --memory-limit.' },
  );
}

/** One line for a write that failed, wherever it was noticed. */
export function spoolError(cause: unknown, { folder, subject }: Omit<SpoolPlace, 'fd'>): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === undefined) return cause;
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new ParagradError(
    full ? 'disk_full' : 'not_writable',
    `cannot spool ${subject} to a temporary file in ${folder}: ${full ? 'no space left' : message}`,
    { cause, hint: 'Put the run elsewhere with --runs-dir, or raise --memory-limit.' },
  );
}

async function readFully(file: FileHandle, into: Uint8Array, position: number, subject: string): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done).catch((cause: unknown) => {
      throw new ParagradError('unreadable', `the spooled rows of ${subject} cannot be read: ${String(cause)}`, {
        cause,
      });
    });
    if (bytesRead === 0) {
      throw new ParagradError('unreadable', `the spooled rows of ${subject} end too early`);
    }
    done += bytesRead;
  }
}

/** Writes all bytes at a position of a file that any thread has open. Blocks. */
export function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`;
}
