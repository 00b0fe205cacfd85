/**
 * An Arrow table in memory, written to a temporary Arrow stream and read from there as any other: by the workers, and with
 * dictionaries that differ from batch to batch, which the file format does not have.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Table as ArrowTable, RecordBatch } from 'apache-arrow';
import { checkInterrupt } from '../interrupt.js';
import { createStaging, diskFull } from '../staging.js';
import { takeStamp } from '../stamp.js';
import type { Table } from '../table.js';
import { openArrow } from './arrow.js';
import type { OpenOptions } from './format.js';

/** What messages call the table. */
const LOCATION = 'the Arrow table';

/** @throws ParagradError `disk_full`, `unreadable`, `duplicate_column` or `interrupted` */
export async function openMemory(table: ArrowTable, options: OpenOptions): Promise<Table> {
  const staging = await createStaging();
  try {
    const path = staging.path('table.arrows');
    await write(path, table, options.signal);
    const files = [{ path, name: LOCATION, stamp: await takeStamp(path) }];
    const opened = await openArrow({ format: 'arrow', location: LOCATION, files, partitions: [] }, options);
    return {
      ...opened,
      format: 'Arrow in memory',
      async close() {
        await opened.close();
        await staging.remove();
      },
    };
  } catch (error) {
    await staging.remove();
    throw error;
  }
}

async function write(path: string, { batches }: ArrowTable, signal: AbortSignal | undefined): Promise<void> {
  const { RecordBatchStreamWriter } = await import('apache-arrow');
  const file = await open(path, 'w');
  // Not the library's Node stream: destroyed by an error, it leaves a rejection that nobody can handle.
  const writer = new RecordBatchStreamWriter();
  const written = copyBytes(writer, file);
  written.catch(() => undefined); // met below, where it is awaited
  try {
    for (const batch of batches as RecordBatch[]) {
      checkInterrupt(signal, LOCATION);
      writer.write(batch);
      await new Promise(setImmediate); // lets the bytes out before the next batch
    }
  } finally {
    writer.finish();
    await written.finally(() => file.close());
  }
}

async function copyBytes(bytes: AsyncIterable<Uint8Array>, file: FileHandle): Promise<void> {
  try {
    for await (const chunk of bytes) await file.appendFile(chunk);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? diskFull(LOCATION, error) : error;
  }
}
