/**
 * Record batches of an Arrow IPC file or stream, one in memory at a time, read in any order. A batch goes by the dictionaries
 * that hold where it stands: in a stream they may be replaced, in both they may grow.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Data } from 'apache-arrow/data';
import type { BufferRegion } from 'apache-arrow/ipc/metadata/message';
import { buffersOf, type Dictionaries, decompressorOf, loadColumns } from './arrow-body.js';
import { type ArrowIndex, type BodyMessage, readExactly, readInto } from './arrow-index.js';
import { Vector } from './arrow-library.js';

/**
 * Reads a record batch: its columns by position, null where not wanted. They hold until the next batch is read, which takes
 * their memory: a batch is megabytes, and each would need pages that the system must clear first.
 */
export type BatchReader = (index: number, wanted: ReadonlySet<number>) => Promise<readonly (Data | null)[]>;

export function createBatchReader(file: FileHandle, index: ArrowIndex): BatchReader {
  const dictionariesFor = createDictionaries(file, index);
  const types = index.schema.fields.map(({ type }) => type);
  /** What was read last: a caller that reads in windows would else read it again for each. */
  let last: { readonly batch: number; readonly spans: readonly Span[] } | undefined;
  let memory = Buffer.alloc(0);
  const memoryFor = (bytes: number): Buffer => {
    if (bytes > memory.length) memory = Buffer.allocUnsafeSlow(bytes);
    return memory;
  };

  return async (batch, wanted) => {
    const message = index.batches[batch];
    const { header, dictionaries } = message;
    const values = await dictionariesFor(dictionaries);
    const isWanted = (position: number) => wanted.has(position);
    const version = index.schema.metadataVersion;
    const what = { header, types, wanted: isWanted, dictionaries: values, version };
    const regions = buffersOf(what);
    if (last?.batch !== batch || !regions.every((region) => findSpan(last!.spans, region) !== undefined)) {
      last = undefined; // from here on its memory is another's, also when reading fails
      last = { batch, spans: await readSpans(file, message, regions, memoryFor) };
    }
    const { spans } = last;
    const decompress = await decompressorOf(header);
    return loadColumns(what, (region) => bytesIn(spans, region), decompress);
  };
}

/** Bytes of a body, from `offset` on. */
interface Span {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Bytes that are read for nothing rather than that a read is made for what lies behind them. */
const GAP_BYTES = 65_536;

/** Where spans begin in memory: at a multiple of what any value of Arrow wants to be aligned to. */
const ALIGNMENT = 64;

/** Reads buffers of a body; those that lie close together at once. */
async function readSpans(
  file: FileHandle,
  { bodyStart, bodyLength }: BodyMessage<unknown>,
  regions: readonly BufferRegion[],
  memoryFor: (bytes: number) => Buffer,
): Promise<Span[]> {
  const places: { start: number; end: number }[] = [];
  for (const { offset, length } of [...regions].sort((a, b) => a.offset - b.offset)) {
    if (offset < 0 || offset + length > bodyLength) continue; // met where it is asked for
    const before = places.at(-1);
    if (before !== undefined && offset <= before.end + GAP_BYTES) before.end = Math.max(before.end, offset + length);
    else places.push({ start: offset, end: offset + length });
  }
  const sizes = places.map(({ start, end }) => Math.ceil((end - start) / ALIGNMENT) * ALIGNMENT);
  const memory = memoryFor(sizes.reduce((sum, size) => sum + size, 0));
  const spans: Span[] = [];
  let at = 0;
  for (const [i, { start, end }] of places.entries()) {
    const bytes = memory.subarray(at, at + end - start);
    await readInto(file, bodyStart + start, bytes);
    spans.push({ offset: start, bytes });
    at += sizes[i];
  }
  return spans;
}

/** The span that holds a buffer; they are in order. */
function findSpan(spans: readonly Span[], { offset, length }: BufferRegion): Span | undefined {
  let [low, high] = [0, spans.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (spans[middle].offset <= offset) low = middle;
    else high = middle;
  }
  const span = spans[low];
  const holds = span !== undefined && span.offset <= offset && offset + length <= span.offset + span.bytes.length;
  return holds ? span : undefined;
}

function bytesIn(spans: readonly Span[], region: BufferRegion): Uint8Array {
  const span = findSpan(spans, region);
  if (span === undefined) throw new Error('a buffer lies outside its message');
  const start = region.offset - span.offset;
  return span.bytes.subarray(start, start + region.length);
}

/** A function that gives the dictionaries after so many of their messages. */
function createDictionaries(
  file: FileHandle,
  { schema, dictionaries }: ArrowIndex,
): (count: number) => Promise<Dictionaries> {
  let current: Dictionaries = new Map();
  let taken = 0;
  return async (count) => {
    if (count < taken) {
      current = new Map();
      taken = 0;
    }
    for (; taken < count; taken++) {
      const { header, bodyStart, bodyLength } = dictionaries[taken];
      const type = schema.dictionaries.get(header.id);
      if (type === undefined) throw new Error(`no column has the dictionary ${header.id}`);
      const body = await readExactly(file, bodyStart, bodyLength);
      const version = schema.metadataVersion;
      const what = { header: header.data, types: [type], wanted: () => true, dictionaries: current, version };
      const decompress = await decompressorOf(header.data);
      const [data] = loadColumns(what, (region) => bytesIn([{ offset: 0, bytes: body }], region), decompress);
      const values = new Vector([data!]);
      const before = current.get(header.id);
      current.set(header.id, header.isDelta && before ? before.concat(values) : values);
    }
    return current;
  };
}
