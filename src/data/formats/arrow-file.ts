/**
 * The framing of an Arrow IPC file (https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format), checked before
 * any value is decoded: magic at both ends, a footer that fits, and messages that lie where the footer says.
 * apache-arrow trusts all of it, and meets a truncated file with "cannot read properties of null".
 *
 * Only the messages' headers are read here: they tell the rows and nulls of each record batch, and whether it is
 * compressed. The bodies are decoded by arrow.ts.
 */
import type { FileHandle } from 'node:fs/promises';
import { CompressionType, type Field, Message, type Schema } from 'apache-arrow';
import { type FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import type { RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { ParagradError } from '../../errors.js';

const MAGIC = 'ARROW1';
/** Magic and its padding, at the start. */
const HEAD = 8;
/** Length of the footer and magic, at the end. */
const TAIL = 10;
/** First word of a message, and so of an Arrow stream. */
const CONTINUATION = 0xffff_ffff;

export interface ArrowFile {
  readonly schema: Schema;
  /** Headers of the record batches, in order. */
  readonly batches: readonly { readonly rows: number; readonly nullCounts: readonly number[] }[];
}

/**
 * Reads the footer and the messages' headers.
 *
 * @throws ParagradError `wrong_format`, `truncated`, `unsupported_file`
 */
export async function readArrowFile(file: FileHandle, location: string): Promise<ArrowFile> {
  const { size } = await file.stat();
  await checkHead(file, location);
  const truncated = () =>
    new ParagradError('truncated', `${location} is truncated: the end of the Arrow file is missing`, {
      hint: 'Copy or write it again.',
    });
  if (size < HEAD + TAIL) throw truncated();
  const tail = await readExactly(file, size - TAIL, TAIL);
  const footerLength = tail.readInt32LE(0);
  const footerStart = size - TAIL - footerLength;
  if (tail.toString('latin1', 4) !== MAGIC || footerLength <= 0 || footerStart < HEAD) throw truncated();

  const footer = Footer.decode(await readExactly(file, footerStart, footerLength));
  const messages = [...footer.dictionaryBatches(), ...footer.recordBatches()];
  if (messages.some((block) => block.offset + block.metaDataLength + block.bodyLength > footerStart)) throw truncated();

  for (const block of footer.dictionaryBatches()) {
    const message = await readHeader(file, block);
    if (message.isDictionaryBatch()) checkCompression(message.header().data, location);
  }
  const batches: ArrowFile['batches'][number][] = [];
  for (const block of footer.recordBatches()) {
    const message = await readHeader(file, block);
    if (!message.isRecordBatch()) throw new ParagradError('unreadable', `${location}: a record batch is not one`);
    const header = message.header();
    checkCompression(header, location);
    batches.push({ rows: header.length, nullCounts: nullCounts(footer.schema.fields, header) });
  }
  return { schema: footer.schema, batches };
}

async function checkHead(file: FileHandle, location: string): Promise<void> {
  const head = Buffer.alloc(HEAD);
  await file.read(head, 0, HEAD, 0);
  if (head.toString('latin1', 0, MAGIC.length) === MAGIC) return;
  if (head.readUInt32LE(0) === CONTINUATION) {
    throw new ParagradError('unsupported_file', `${location} is an Arrow stream, which paragrad cannot read yet`, {
      hint: 'Write it as an Arrow file.',
    });
  }
  if (head.toString('latin1', 0, 4) === 'FEA1') {
    throw new ParagradError('unsupported_file', `${location} is a Feather file of version 1`, {
      hint: 'Write it as version 2, which is the Arrow file format.',
    });
  }
  throw new ParagradError('wrong_format', `${location} is not an Arrow file`, {
    hint: `An Arrow file begins with ${MAGIC}.`,
  });
}

function checkCompression(header: RecordBatch, location: string): void {
  if (header.compression === null) return;
  const codec = header.compression.type === CompressionType.ZSTD ? 'ZSTD' : 'LZ4';
  throw new ParagradError(
    'unsupported_file',
    `${location} is written with ${codec} compression, which paragrad cannot read yet`,
    { hint: 'Write it uncompressed.' },
  );
}

/** The header of a message: a continuation word, a length, and that many bytes. */
async function readHeader(file: FileHandle, block: FileBlock): Promise<Message> {
  const bytes = await readExactly(file, block.offset, block.metaDataLength);
  const start = bytes.readUInt32LE(0) === CONTINUATION ? 8 : 4;
  return Message.decode(bytes.subarray(start));
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

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new Error('the file became shorter while it was read');
    filled += bytesRead;
  }
  return bytes;
}
