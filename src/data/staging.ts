/**
 * A temporary folder for copies of what cannot be read in place (text, the rows of a query, standard input). Its owner
 * removes it; what is left when the process ends, however it ends, is removed then.
 */
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ParagradError } from '../errors.js';
import { checkInterrupt } from './interrupt.js';

export interface Staging {
  /** A path in the folder. */
  path(name: string): string;
  /** Removes the folder with what is in it; safe to call twice. */
  remove(): Promise<void>;
}

const folders = new Set<string>();

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

export async function createStaging(): Promise<Staging> {
  const folder = await mkdtemp(join(tmpdir(), 'paragrad-')).catch((cause: Error) => {
    throw new ParagradError('not_writable', `cannot make a temporary folder: ${cause.message}`, {
      cause,
      hint: 'Set TMPDIR to a folder that can be written.',
    });
  });
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(folder);
  return {
    path: (name) => join(folder, name),
    async remove() {
      await rm(folder, { recursive: true, force: true });
      folders.delete(folder);
      if (folders.size === 0) process.off('exit', removeAll);
    },
  };
}

/**
 * Copies a stream to a file.
 *
 * @param subject what is copied, for messages
 * @throws ParagradError `disk_full`, `unreadable` or `interrupted`
 */
export async function copyTo(path: string, from: Readable, subject: string, signal?: AbortSignal): Promise<void> {
  await copying(subject, signal, () => pipeline(from, createWriteStream(path), { signal }));
}

/** Copies a file, decompressing it. A file that ends too early is an error, which DuckDB would take for its end. */
export async function gunzipTo(path: string, from: string, subject: string, signal?: AbortSignal): Promise<void> {
  const streams = [createReadStream(from), createGunzip(), createWriteStream(path)] as const;
  await copying(subject, signal, () => pipeline(...streams, { signal }));
}

/** Copies a text file of another encoding (a label that TextDecoder knows) as UTF-8, without its byte order mark. */
export async function transcodeTo(
  path: string,
  from: string,
  encoding: string,
  subject: string,
  signal?: AbortSignal,
): Promise<void> {
  async function* decode(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
    const decoder = new TextDecoder(encoding);
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  }
  await copying(subject, signal, () => pipeline(createReadStream(from), decode, createWriteStream(path), { signal }));
}

async function copying(subject: string, signal: AbortSignal | undefined, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    checkInterrupt(signal, subject);
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw diskFull(subject, cause);
    if (code === 'Z_BUF_ERROR') {
      throw new ParagradError('truncated', `${subject} is truncated: the end of the gzip file is missing`, {
        cause,
        hint: 'Copy or write it again.',
      });
    }
    throw new ParagradError('unreadable', `${subject} cannot be read: ${message}`, { cause });
  }
}

/** A copy that found no room. */
export function diskFull(subject: string, cause: unknown): ParagradError {
  return new ParagradError('disk_full', `no space left in ${tmpdir()} for the temporary copy of ${subject}`, {
    cause,
    hint: 'Free some, or set TMPDIR to a folder on a larger disk.',
  });
}
