/**
 * Where the messages of an Arrow IPC file or stream lie (https://arrow.apache.org/docs/format/Columnar.html#ipc), found
 * and checked before any value is decoded: so that either can be read in any order, and a damaged one is named as such.
 *
 * A file lists its messages in a footer; a stream is walked from header to header. Only headers are read here: they tell
 * the rows and nulls of each record batch. The bodies are decoded by arrow-body.ts.
 */
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import type { FileBlock } from 'apache-arrow/ipc/metadata/file';
import type { Message as ArrowMessage, DictionaryBatch, RecordBatch } from 'apache-arrow/ipc/metadata/message';
import type { Field, Schema } from 'apache-arrow/schema';
import { ParagradError } from '../../errors.js';
import { Footer, Message } from './arrow-library.js';

const MAGIC = 'ARROW1';
/** Magic and its padding, at the start of a file. */
const HEAD = 8;
/** Length of the footer and magic, at the end of a file. */
const TAIL = 10;
/** First word of a message, and so of a stream. */
const CONTINUATION = 0xffff_ffff;
/** Read at once where a message of a stream begins: nearly always its whole header. */
const READ_AHEAD = 16_384;
/** Bytes of one read, at most: Node refuses 2 GiB and more. */
const READ_BYTES = 1 << 30;

/** A message with a body: its header, and where the body lies in the file. */
export interface BodyMessage<Header> {
  readonly header: Header;
  readonly bodyStart: number;
  readonly bodyLength: number;
}

export interface BatchMessage extends BodyMessage<RecordBatch> {
  /** How many of the dictionary messages hold for this batch: the first so many. */
  readonly dictionaries: number;
  /** Nulls of each column. */
  readonly nullCounts: readonly number[];
}

export interface ArrowIndex {
  readonly kind: 'file' | 'stream';
  readonly schema: Schema;
  readonly dictionaries: readonly BodyMessage<DictionaryBatch>[];
  readonly batches: readonly BatchMessage[];
}

/**
 * Finds the messages.
 *
 * @throws ParagradError `wrong_format`, `truncated`, `unsupported_file` or `unreadable`
 */
export async function readArrowIndex(file: FileHandle, location: string): Promise<ArrowIndex> {
  const { size } = await file.stat();
  const head = Buffer.alloc(HEAD);
  const { bytesRead } = await file.read(head, 0, HEAD, 0);
  if (head.toString('latin1', 0, MAGIC.length) === MAGIC) return await readFooter(file, size, location);
  if (head.readUInt32LE(0) === CONTINUATION && bytesRead === HEAD) return await walkStream(file, size, location);
  if (head.toString('latin1', 0, 4) === 'FEA1') {
    throw new ParagradError('unsupported_file', `${location} is a Feather file of version 1`, {
      hint: 'Write it as version 2, which is the Arrow file format.',
    });
  }
  throw new ParagradError('wrong_format', `${location} is not an Arrow file`, {
    hint: `An Arrow file begins with ${MAGIC}.`,
  });
}

async function readFooter(file: FileHandle, size: number, location: string): Promise<ArrowIndex> {
  if (size < HEAD + TAIL) throw truncated(location, 'file');
  const tail = await readExactly(file, size - TAIL, TAIL);
  const footerLength = tail.readInt32LE(0);
  const footerStart = size - TAIL - footerLength;
  if (tail.toString('latin1', 4) !== MAGIC || footerLength <= 0 || footerStart < HEAD) {
    throw truncated(location, 'file');
  }
  const footer = Footer.decode(await readExactly(file, footerStart, footerLength));
  const blocks = [...footer.dictionaryBatches(), ...footer.recordBatches()];
  if (blocks.some((block) => block.offset + block.metaDataLength + block.bodyLength > footerStart)) {
    throw truncated(location, 'file');
  }
  const builder = createBuilder('file', footer.schema, location);
  const messages = await Promise.all(blocks.map((block) => messageOfBlock(file, block)));
  for (const [i, { offset, metaDataLength }] of blocks.entries()) builder.add(messages[i], offset + metaDataLength);
  return builder.index;
}

async function messageOfBlock(file: FileHandle, block: FileBlock): Promise<ArrowMessage> {
  const bytes = await readExactly(file, block.offset, block.metaDataLength);
  return Message.decode(bytes.subarray(bytes.readUInt32LE(0) === CONTINUATION ? 8 : 4));
}

/**
 * A stream has no footer: each message says where the next begins, and after the last comes a length of 0, or nothing: the
 * format lets a writer end a stream by closing it, and pyarrow reads such streams.
 */
async function walkStream(file: FileHandle, size: number, location: string): Promise<ArrowIndex> {
  let builder: IndexBuilder | undefined;
  const chunk = Buffer.allocUnsafeSlow(READ_AHEAD);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, READ_AHEAD, at);
    if (bytesRead === 0 && builder !== undefined) return builder.index;
    if (bytesRead < 8) throw truncated(location, 'stream');
    if (chunk.readUInt32LE(0) !== CONTINUATION) throw unreadable(location, `no message begins at byte ${at}`);
    const length = chunk.readInt32LE(4);
    if (length === 0 && builder !== undefined) return builder.index;
    const bodyStart = at + 8 + length;
    if (length <= 0) throw unreadable(location, `the message at byte ${at} has no header`);
    if (bodyStart > size) throw truncated(location, 'stream');
    const bytes = 8 + length <= bytesRead ? chunk.subarray(8, 8 + length) : await readExactly(file, at + 8, length);
    const message = Message.decode(Uint8Array.from(bytes)); // a copy: headers are decoded lazily, and the chunk is reused
    if (bodyStart + message.bodyLength > size) throw truncated(location, 'stream');
    if (message.isSchema() && builder === undefined) builder = createBuilder('stream', message.header(), location);
    else if (builder === undefined) throw unreadable(location, 'it does not begin with a schema');
    else builder.add(message, bodyStart);
    at = bodyStart + message.bodyLength;
  }
}

interface IndexBuilder {
  readonly index: ArrowIndex;
  add(message: ArrowMessage, bodyStart: number): void;
}

function createBuilder(kind: ArrowIndex['kind'], schema: Schema, location: string): IndexBuilder {
  const dictionaries: BodyMessage<DictionaryBatch>[] = [];
  const batches: BatchMessage[] = [];
  return {
    index: { kind, schema, dictionaries, batches },
    add(message, bodyStart) {
      const { bodyLength } = message;
      if (message.isDictionaryBatch()) {
        dictionaries.push({ header: message.header(), bodyStart, bodyLength });
      } else if (message.isRecordBatch()) {
        const header = message.header();
        const columnNulls = nullCounts(schema.fields, header);
        batches.push({ header, bodyStart, bodyLength, dictionaries: dictionaries.length, nullCounts: columnNulls });
      } else {
        throw unreadable(location, 'a message is neither a record batch nor a dictionary');
      }
    },
  };
}

/** Nulls of each column; the nodes of a batch list every column's tree, depth first. */
function nullCounts(fields: readonly Field[], header: RecordBatch): number[] {
  let node = 0;
  return fields.map((field) => {
    const count = header.nodes[node].nullCount;
    node += nodesOf(field);
    return Number(count);
  });
}

function nodesOf(field: Field): number {
  // A dictionary-encoded column is one node of indices, whatever its values are.
  const children = field.type.children && !('dictionary' in field.type) ? field.type.children : [];
  return 1 + children.reduce((sum: number, child: Field) => sum + nodesOf(child), 0);
}

/** Reads so many bytes, into memory of their own. */
export async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  await readInto(file, position, bytes);
  return bytes;
}

/**
 * Reads as many bytes as there is room for. A worker has nothing else to do meanwhile, and reads by itself: to have it done by
 * another thread takes two changes of threads, and one more thread than there are cores.
 */
export async function readInto(file: FileHandle, position: number, bytes: Buffer): Promise<void> {
  let filled = 0;
  while (filled < bytes.length) {
    const size = Math.min(bytes.length - filled, READ_BYTES);
    const at = position + filled;
    const bytesRead = isMainThread
      ? (await file.read(bytes, filled, size, at)).bytesRead
      : readSync(file.fd, bytes, filled, size, at);
    if (bytesRead === 0) throw new Error('the file became shorter while it was read');
    filled += bytesRead;
  }
}

function truncated(location: string, kind: ArrowIndex['kind']): ParagradError {
  return new ParagradError('truncated', `${location} is truncated: the end of the Arrow ${kind} is missing`, {
    hint: 'Copy or write it again.',
  });
}

function unreadable(location: string, why: string): ParagradError {
  return new ParagradError('unreadable', `${location} cannot be read: ${why}`);
}
