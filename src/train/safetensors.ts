/**
 * The safetensors file format, float32 only: an 8-byte little-endian header length, a JSON header (name -> dtype, shape,
 * data_offsets; `__metadata__`: string -> string), then the data section. Format: github.com/huggingface/safetensors.
 *
 * Tensors are written in the order given, without padding between them, and the header is padded with spaces so that the
 * data section starts on a multiple of 8 bytes. Not here: other dtypes, memory mapping; what a model's metadata means.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ParagradError } from '../errors.js';
import { writeWhole } from './atomic-file.js';

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major; its length is the product of the shape. */
  readonly data: Float32Array;
}

export interface Safetensors {
  /** In the order of the data section. */
  readonly tensors: readonly Tensor[];
  readonly metadata: Readonly<Record<string, string>>;
  /** The whole data section. */
  readonly data: Uint8Array;
}

/** The format's own limit for the JSON header. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

const size = z.int().min(0);
const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());
const headerSchema = z.looseObject({ __metadata__: metadataSchema.optional() });

/**
 * Writes a file of float32 tensors, whole or not at all.
 *
 * @throws ParagradError `not_writable`
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;

  const file = Buffer.alloc(LENGTH_BYTES + headerBytes + offset, ' ');
  file.writeBigUInt64LE(BigInt(headerBytes), 0);
  file.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  await writeWhole(path, file);
}

/**
 * Reads a file of float32 tensors.
 *
 * @throws ParagradError `no_such_file`; `not_safetensors` with the path and what is wrong with the file
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const file = await readBytes(path);
  const refuse = (why: string): ParagradError =>
    new ParagradError('not_safetensors', `${path} is not a safetensors file that paragrad can read: ${why}`);

  if (file.length < LENGTH_BYTES) throw refuse(`it has ${file.length} bytes, and the header length alone takes 8`);
  const headerBytes = file.readBigUInt64LE(0);
  if (headerBytes > MAX_HEADER_BYTES) throw refuse(`it declares a header of ${headerBytes} bytes`);
  const dataStart = LENGTH_BYTES + Number(headerBytes);
  if (dataStart > file.length) {
    throw refuse(`it is truncated: its header ends at byte ${dataStart}, the file at ${file.length}`);
  }
  const header = headerSchema.safeParse(parseJson(file.toString('utf8', LENGTH_BYTES, dataStart)));
  if (!header.success) throw refuse('its header is not a JSON object of tensors');
  const { __metadata__: metadata = {}, ...entries } = header.data;

  // A copy, so that float32 views are aligned wherever the data section starts.
  const data = new Uint8Array(file.subarray(dataStart));
  const tensors = Object.entries(entries).map(([name, value]) => readEntry(name, value, data.length, refuse));
  tensors.sort((a, b) => a.start - b.start);
  let covered = 0;
  for (const { name, start, end } of tensors) {
    if (start !== covered) throw refuse(`tensor ${name} starts at byte ${start} of the data, expected ${covered}`);
    covered = end;
  }
  if (covered < data.length) throw refuse(`${data.length - covered} bytes after its last tensor belong to none`);
  return {
    tensors: tensors.map(({ name, shape, start, end }) => {
      return { name, shape, data: new Float32Array(data.buffer, start, (end - start) / 4) };
    }),
    metadata,
    data,
  };
}

/**
 * SHA-256 of the data section of a safetensors file (all bytes after its header), in lower-case hexadecimal digits.
 *
 * @throws ParagradError as `readSafetensors` does
 */
export async function weightsSha256(path: string): Promise<string> {
  return sha256((await readSafetensors(path)).data);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes of the data section, end exclusive. */
  readonly start: number;
  readonly end: number;
}

function readEntry(name: string, value: unknown, dataBytes: number, refuse: (why: string) => ParagradError): Entry {
  const entry = tensorSchema.safeParse(value);
  if (!entry.success) throw refuse(`tensor ${name} has no valid dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets } = entry.data;
  const [start, end] = data_offsets;
  if (dtype !== 'F32') throw refuse(`tensor ${name} holds ${dtype}, expected F32`);
  const bytes = shape.reduce((product, length) => product * length, 4);
  if (end - start !== bytes)
    throw refuse(`tensor ${name} of shape [${shape}] takes ${bytes} bytes, not ${end - start}`);
  if (end > dataBytes) {
    throw refuse(`it is truncated: tensor ${name} ends at byte ${end} of the data, the file at ${dataBytes}`);
  }
  return { name, shape, start, end };
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ParagradError('no_such_file', `no such file: ${path}`);
    throw new ParagradError('not_readable', `cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
