/**
 * Columns out of the body of an Arrow message: buffers found by the header, decompressed where the header says so, and put
 * together by apache-arrow's loader. Columns that nobody asked for are passed over, and never decompressed.
 */
import type { Data } from 'apache-arrow/data';
import type { MetadataVersion } from 'apache-arrow/enum';
import type { BufferRegion, RecordBatch } from 'apache-arrow/ipc/metadata/message';
import type { DataType } from 'apache-arrow/type';
import type { Vector } from 'apache-arrow/vector';
import { CompressionType, VectorLoader } from './arrow-library.js';
import { decodeLz4Frame } from './lz4.js';

/**
 * Decompresses a buffer, into memory of its own.
 *
 * @param size bytes that must come out
 */
export type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

/** Dictionaries by id, as apache-arrow keeps them. */
export type Dictionaries = Map<number, Vector>;

/** The decoder for the body of a message; null where it is not compressed. That of Zstandard is loaded when first met. */
export async function decompressorOf(header: RecordBatch): Promise<Decompress | null> {
  if (header.compression === null) return null;
  if (header.compression.type === CompressionType.LZ4_FRAME) return decodeLz4Frame;
  const { ZSTDDecoder } = await import('zstddec');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return (bytes, size) => decoder.decode(bytes, size);
}

/** Gives the bytes of a buffer, by its place in the body. */
export type BytesOf = (region: BufferRegion) => Uint8Array;

/** What of a message is loaded, and how it is found: the same to find its buffers and to load them. */
export interface Wanted {
  readonly header: RecordBatch;
  /** Of all columns of the message, in order. */
  readonly types: readonly DataType[];
  /** Whether to load the column at this position. */
  readonly wanted: (position: number) => boolean;
  readonly dictionaries: Dictionaries;
  readonly version: MetadataVersion;
}

/** The buffers that `loadColumns` will ask for, in its order. */
export function buffersOf(what: Wanted): BufferRegion[] {
  const regions: BufferRegion[] = [];
  visitColumns(what, (region) => {
    regions.push(region);
    return EMPTY;
  });
  return regions;
}

/**
 * Loads columns.
 *
 * @returns the columns by position; null where not wanted
 * @throws Error where header and body do not fit together
 */
export function loadColumns(what: Wanted, bytesOf: BytesOf, decompress: Decompress | null): (Data | null)[] {
  return visitColumns(what, (region) => decoded(bytesOf(region), decompress));
}

function visitColumns({ header, types, wanted, dictionaries, version }: Wanted, read: BytesOf): (Data | null)[] {
  const { nodes, buffers, variadicBufferCounts } = header;
  const loader = new BodyLoader(EMPTY, nodes, buffers, dictionaries, version, variadicBufferCounts);
  return types.map((type, position) => {
    loader.read = wanted(position) ? read : null;
    const data = loader.visit(type);
    return loader.read === null ? null : data;
  });
}

const EMPTY = new Uint8Array(0);

/** Takes buffers through `read`, or takes none: every column must be visited, for the loader to keep its place. */
class BodyLoader extends VectorLoader {
  read: BytesOf | null = null;

  protected override readData(_type: unknown, region: BufferRegion = this.nextBufferRange()): Uint8Array {
    return this.read === null ? EMPTY : this.read(region);
  }
}

/** A compressed buffer begins with its length before compression; this one means that the rest is not compressed. */
const NOT_COMPRESSED = -1;

function decoded(bytes: Uint8Array, decompress: Decompress | null): Uint8Array {
  if (decompress === null || bytes.length === 0) return bytes;
  const size = Number(Buffer.from(bytes.buffer, bytes.byteOffset, 8).readBigInt64LE());
  const rest = bytes.subarray(8);
  if (size === NOT_COMPRESSED) return rest;
  const decompressed = decompress(rest, size);
  if (decompressed.length !== size) throw new Error('a compressed buffer is damaged');
  return decompressed;
}
