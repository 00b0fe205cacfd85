/**
 * Record batches of an Arrow IPC file or stream, one in memory at a time, read in any order. A batch goes by the dictionaries
 * that hold where it stands: in a stream they may be replaced, in both they may grow.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Data } from 'apache-arrow/data';
import { Vector } from 'apache-arrow/vector';
import { type Dictionaries, decompressorOf, loadColumns } from './arrow-body.js';
import { type ArrowIndex, readExactly } from './arrow-index.js';

/** Reads a record batch: its columns by position, null where not wanted. */
export type BatchReader = (index: number, wanted: ReadonlySet<number>) => Promise<readonly (Data | null)[]>;

export function createBatchReader(file: FileHandle, index: ArrowIndex): BatchReader {
  const dictionariesFor = createDictionaries(file, index);
  const types = index.schema.fields.map(({ type }) => type);
  /** The body read last: a caller that reads in windows would else read it again for each. */
  let last: { readonly batch: number; readonly body: Uint8Array } | undefined;

  return async (batch, wanted) => {
    const { header, bodyStart, bodyLength, dictionaries } = index.batches[batch];
    if (last?.batch !== batch) {
      last = undefined; // before the next is read: two bodies would be twice the memory
      last = { batch, body: await readExactly(file, bodyStart, bodyLength) };
    }
    const { body } = last;
    const { metadataVersion } = index.schema;
    const values = await dictionariesFor(dictionaries);
    const decompress = await decompressorOf(header);
    return loadColumns(body, header, types, (position) => wanted.has(position), values, metadataVersion, decompress);
  };
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
      const decompress = await decompressorOf(header.data);
      const version = schema.metadataVersion;
      const [data] = loadColumns(body, header.data, [type], () => true, current, version, decompress);
      const values = new Vector([data!]);
      const before = current.get(header.id);
      current.set(header.id, header.isDelta && before ? before.concat(values) : values);
    }
    return current;
  };
}
