/**
 * Arrow IPC files through apache-arrow: one record batch in memory at a time, read from its place in the file, and decoded
 * by whoever asks; in a run, by the workers, each with the file open on its own.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { type AsyncRecordBatchFileReader, type RecordBatch, RecordBatchReader } from 'apache-arrow';
import { invariant, ParagradError } from '../../errors.js';
import { createDistinctValues } from '../distinct.js';
import { checkInterrupt, interrupted } from '../interrupt.js';
import type { Block, Column, ReadRequest, RowBatch, Table } from '../table.js';
import { type ArrowFile, readArrowFile } from './arrow-file.js';
import { decodeCategory, decodeNumbers, kindOf } from './arrow-values.js';
import { distinctNames } from './schema.js';

/** Rows decoded at once, so that a huge record batch does not become as many float64 columns. */
const BATCH_ROWS = 16384;
/** Bytes of one read: Node refuses 2 GiB and more. */
const READ_BYTES = 1 << 30;

/** @throws ParagradError `wrong_format`, `truncated`, `unsupported_file`, `unreadable`, `duplicate_column` */
export async function openArrow(location: string): Promise<Table> {
  const file = await open(location);
  try {
    const contents = await reporting(location, () => readArrowFile(file, location));
    const reader = await reporting(location, async () => {
      const found = await RecordBatchReader.from(inModerateReads(file));
      invariant(found.isAsync() && found.isFile(), 'apache-arrow took a file for a stream');
      return await found.open({ autoDestroy: false });
    });
    return createTable(location, file, contents, reader as AsyncRecordBatchFileReader);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What apache-arrow throws on bytes that make no sense, as one line about the file. */
async function reporting<T>(location: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ParagradError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ParagradError('unreadable', `${location} cannot be read: ${reason}`, { cause });
  }
}

/** The part of a FileHandle that apache-arrow uses. It reads on where a read was short. */
function inModerateReads(file: FileHandle): FileHandle {
  return {
    fd: file.fd,
    stat: () => file.stat(),
    read: (buffer: Uint8Array, offset: number, length: number, position: number) =>
      file.read(buffer, offset, Math.min(length, READ_BYTES), position),
    close: async () => {},
  } as unknown as FileHandle;
}

function createTable(
  location: string,
  file: FileHandle,
  { schema, batches }: ArrowFile,
  reader: AsyncRecordBatchFileReader,
): Table {
  const columns = schema.fields.map(
    (field): Column => ({ name: field.name, type: String(field.type), kind: kindOf(field.type) }),
  );
  distinctNames(columns, location);
  const blocks: Block[] = [];
  let rows = 0;
  for (const batch of batches) {
    blocks.push({ rowStart: rows, rowEnd: rows + batch.rows });
    rows += batch.rows;
  }
  const positions = new Map(columns.map((column, i) => [column.name, i]));
  const positionOf = (name: string): number => {
    const position = positions.get(name);
    invariant(position !== undefined, `${location} has no column ${JSON.stringify(name)}`);
    return position;
  };
  /** The record batch read last: a caller that reads in windows would else read it again for each. */
  let last: { readonly index: number; readonly batch: RecordBatch } | undefined;
  let closed = false;

  async function readBlock(index: number): Promise<RecordBatch> {
    if (last?.index === index) return last.batch;
    last = undefined; // before the next is read: two batches would be twice the memory
    const batch = await reporting(location, () => reader.readRecordBatch(index)).catch((error: unknown) => {
      throw closed ? interrupted(location) : error;
    });
    invariant(batch !== null, `${location}: record batch ${index} is missing`);
    last = { index, batch };
    return batch;
  }

  async function* read(request: ReadRequest): AsyncGenerator<RowBatch, void, undefined> {
    const { rowStart = 0, rowEnd = rows, signal } = request;
    const chosen = request.columns.map(positionOf);
    for (const [index, block] of blocks.entries()) {
      const first = Math.max(rowStart, block.rowStart);
      const last = Math.min(rowEnd, block.rowEnd);
      if (first >= last) continue;
      if (closed) throw interrupted(location);
      checkInterrupt(signal, location);
      const batch = await readBlock(index);
      for (let start = first; start < last; start += BATCH_ROWS) {
        checkInterrupt(signal, location);
        const end = Math.min(last, start + BATCH_ROWS);
        yield {
          rowStart: start,
          rows: end - start,
          columns: chosen.map((position) => {
            const decode = columns[position].kind === 'number' ? decodeNumbers : decodeCategory;
            return decode(batch.data.children[position], start - block.rowStart, end - block.rowStart);
          }),
        };
      }
    }
  }

  return {
    location,
    format: 'Arrow IPC',
    columns,
    rows,
    blocks,
    decodedBy: 'workers',
    read,
    async distinct(names, limit, signal) {
      const found = names.map(() => createDistinctValues(limit));
      for await (const batch of read({ columns: names, signal })) {
        for (const [i, values] of batch.columns.entries()) {
          if (values.kind === 'category') found[i].add(values);
        }
      }
      return found.map((values) => values.sorted());
    },
    async nulls(names) {
      return names.map(positionOf).map((i) => batches.reduce((sum, { nullCounts }) => sum + nullCounts[i], 0));
    },
    async close() {
      if (closed) return;
      closed = true;
      last = undefined;
      await file.close();
    },
  };
}
