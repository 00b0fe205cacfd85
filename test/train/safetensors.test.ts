import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, type Tensor, weightsSha256, writeSafetensors } from '../../src/train/safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sample: Tensor[] = [
  { name: 'W0', shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-40) },
  { name: 'b0', shape: [3], data: Float32Array.of(0.1, Number.POSITIVE_INFINITY, Number.NaN) },
];

/** A file put together by hand. */
function file(header: string | Buffer, data: Uint8Array = Buffer.alloc(0), declared?: bigint): Buffer {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(declared ?? BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

describe('writeSafetensors', () => {
  it('lays out length, padded header and data byte by byte', async () => {
    const path = join(folder, 'layout.safetensors');
    await writeSafetensors(path, sample, { a: 'ü' });
    const bytes = await readFile(path);
    const headerBytes = Number(bytes.readBigUInt64LE(0));
    expect(headerBytes % 8).toBe(0);
    const header = bytes.toString('utf8', 8, 8 + headerBytes);
    expect(header).toMatch(/^\{.*\} *$/);
    expect(JSON.parse(header)).toEqual({
      __metadata__: { a: 'ü' },
      W0: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      b0: { dtype: 'F32', shape: [3], data_offsets: [24, 36] },
    });
    const expected = Buffer.alloc(36);
    [1, -2, 3.5, 0, -0, 1e-40, 0.1, Number.POSITIVE_INFINITY, Number.NaN].forEach((value, i) => {
      expected.writeFloatLE(value, 4 * i);
    });
    expect(bytes.subarray(8 + headerBytes).equals(expected)).toBe(true);
    expect(await weightsSha256(path)).toBe(createHash('sha256').update(expected).digest('hex'));
  });

  it('writes views into shared memory', async () => {
    const path = join(folder, 'shared.safetensors');
    const data = new Float32Array(new SharedArrayBuffer(64), 16, 2);
    data.set([5, 6]);
    await writeSafetensors(path, [{ name: 'W0', shape: [2, 1], data }], {});
    expect([...(await readSafetensors(path)).tensors[0].data]).toEqual([5, 6]);
  });

  it('leaves nothing but the file, and replaces an older one', async () => {
    const own = await mkdtemp(join(folder, 'own-'));
    const path = join(own, 'model.safetensors');
    await writeFile(path, 'old');
    await writeSafetensors(path, sample, {});
    expect(await readdir(own)).toEqual(['model.safetensors']);
    expect((await readSafetensors(path)).tensors).toHaveLength(2);
  });

  it('refuses a place that cannot be written, and leaves nothing there', async () => {
    const missing = join(folder, 'no', 'such', 'model.safetensors');
    await expect(writeSafetensors(missing, sample, {})).rejects.toMatchObject({ code: 'not_writable', exitCode: 2 });
    const own = await mkdtemp(join(folder, 'own-'));
    const taken = join(own, 'model.safetensors');
    await mkdir(taken);
    await expect(writeSafetensors(taken, sample, {})).rejects.toThrow(`cannot write ${taken}: it is a folder`);
    expect(await readdir(own)).toEqual(['model.safetensors']);
  });
});

describe('readSafetensors', () => {
  it('reads back what was written, bit for bit', async () => {
    const path = join(folder, 'round.safetensors');
    const tensor = fc.array(fc.float(), { maxLength: 20 }).map((values) => Float32Array.from(values));
    await fc.assert(
      fc.asyncProperty(
        fc.array(tensor, { maxLength: 4 }),
        fc.dictionary(fc.string(), fc.string()),
        async (data, meta) => {
          const metadata = Object.fromEntries(Object.entries(meta).filter(([key]) => key !== '__proto__'));
          await writeSafetensors(
            path,
            data.map((values, i) => ({ name: `t${i}`, shape: [values.length], data: values })),
            metadata,
          );
          const read = await readSafetensors(path);
          expect(read.metadata).toEqual(metadata);
          const bytes = (values: Float32Array) => Buffer.from(values.slice().buffer).toString('hex');
          // Empty tensors share their offset with a neighbour, so only the names tell them apart.
          for (const [i, values] of data.entries()) {
            expect(bytes(read.tensors.find(({ name }) => name === `t${i}`)!.data)).toBe(bytes(values));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('reads an unpadded header, whose data section starts at an odd byte', async () => {
    const path = join(folder, 'odd.safetensors');
    const header = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const odd = header.length % 2 === 0 ? `${header} ` : header;
    const data = Buffer.alloc(4);
    data.writeFloatLE(2.5);
    await writeFile(path, file(odd, data));
    expect([...(await readSafetensors(path)).tensors[0].data]).toEqual([2.5]);
  });

  const entry = (dtype: string, shape: number[], offsets: number[]) => ({ dtype, shape, data_offsets: offsets });
  const json = (tensors: object) => JSON.stringify(tensors);
  it.each<[string, Buffer, string]>([
    ['empty', Buffer.alloc(0), 'it has 0 bytes'],
    ['a Parquet file', Buffer.from('PAR1PAR1PAR1PAR1'), 'it declares a header of 3553'],
    ['an enormous header', file('{}', undefined, 2n ** 63n), 'it declares a header of 9223372036854775808 bytes'],
    ['cut in its header', file('{}', undefined, 100n), 'it is truncated: its header ends at byte 108, the file at 10'],
    ['a header that is not JSON', file('{"x":'), 'its header is not a JSON object of tensors'],
    ['a header that is a list', file('[]'), 'its header is not a JSON object of tensors'],
    ['metadata that is not strings', file('{"__metadata__":{"a":1}}'), 'its header is not a JSON object of tensors'],
    ['a tensor without shape', file('{"x":{"dtype":"F32"}}'), 'tensor x has no valid dtype, shape and data_offsets'],
    ['negative offsets', file(json({ x: entry('F32', [1], [-4, 0]) })), 'tensor x has no valid dtype, shape and'],
    [
      'half precision',
      file(json({ x: entry('F16', [1], [0, 2]) }), Buffer.alloc(2)),
      'tensor x holds F16, expected F32',
    ],
    [
      'a wrong size',
      file(json({ x: entry('F32', [2], [0, 4]) }), Buffer.alloc(4)),
      'of shape [2] takes 8 bytes, not 4',
    ],
    [
      'cut in its data',
      file(json({ x: entry('F32', [2], [0, 8]) }), Buffer.alloc(7)),
      'it is truncated: tensor x ends at byte 8 of the data, the file at 7',
    ],
    [
      'a hole',
      file(json({ x: entry('F32', [1], [0, 4]), y: entry('F32', [1], [8, 12]) }), Buffer.alloc(12)),
      'tensor y starts at byte 8 of the data, expected 4',
    ],
    [
      'an overlap',
      file(json({ x: entry('F32', [2], [0, 8]), y: entry('F32', [1], [4, 8]) }), Buffer.alloc(8)),
      'tensor y starts at byte 4 of the data, expected 8',
    ],
    [
      'bytes at the end',
      file(json({ x: entry('F32', [1], [0, 4]) }), Buffer.alloc(6)),
      '2 bytes after its last tensor',
    ],
  ])('refuses a file that is %s', async (_, bytes, reason) => {
    const path = join(folder, 'bad.safetensors');
    await writeFile(path, bytes);
    const refused = await readSafetensors(path).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'not_safetensors', exitCode: 2 });
    expect((refused as Error).message).toContain(`${path} is not a safetensors file that paragrad can read: `);
    expect((refused as Error).message).toContain(reason);
  });

  it('refuses any cut of a good file', async () => {
    const whole = join(folder, 'whole.safetensors');
    await writeSafetensors(whole, sample, { a: 'b' });
    const bytes = await readFile(whole);
    const cut = join(folder, 'cut.safetensors');
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(cut, bytes.subarray(0, length));
      await expect(readSafetensors(cut), `${length} bytes`).rejects.toMatchObject({ code: 'not_safetensors' });
    }
  });

  it('names a file that is not there, and a folder', async () => {
    const path = join(folder, 'absent.safetensors');
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: 'no_such_file',
      message: `no such file: ${path}`,
    });
    await expect(readSafetensors(folder)).rejects.toMatchObject({ code: 'not_readable', exitCode: 2 });
  });
});
