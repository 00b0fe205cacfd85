/** Record batches of an Arrow file are read only as far as columns are asked for, whatever was asked for before. */
import { type FileHandle, open } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createBatchReader } from '../../src/data/formats/arrow-batches.js';
import { readArrowIndex } from '../../src/data/formats/arrow-index.js';
import { type Cells, writeArrow } from './tables.js';

const ROWS = 20_000;
const COLUMNS = 40;

const cells: Cells = Object.fromEntries(
  Array.from({ length: COLUMNS }, (_, c) => [
    `x${c}`,
    Array.from({ length: ROWS }, (_, i) => (c === 7 ? `text ${i % 9}` : i % 11 === 0 && c % 3 === 0 ? null : i * c)),
  ]),
);

it('reads the columns that are wanted, and from the file only those', async () => {
  const file = await open(writeArrow(cells, ROWS / 2));
  let bytes = 0;
  const counting = {
    read: (into: Buffer, at: number, length: number, position: number) => {
      bytes += length;
      return file.read(into, at, length, position);
    },
  } as unknown as FileHandle;
  const index = await readArrowIndex(file, 'a file');
  const read = createBatchReader(counting, index);
  const whole = index.batches[1].bodyLength;
  const everything = await createBatchReader(file, index)(1, new Set(Array.from({ length: COLUMNS }, (_, c) => c)));
  const costs: number[] = [];
  for (const wanted of [[5], [5], [3, 7, 39], [39], [0, 1, 2], Array.from({ length: COLUMNS }, (_, c) => c), [7]]) {
    bytes = 0;
    const columns = await read(1, new Set(wanted));
    costs.push(bytes / whole);
    for (const [c, column] of columns.entries()) {
      expect(column === null).toBe(!wanted.includes(c));
      if (column === null) continue;
      expect(column.nullCount).toBe(everything[c]!.nullCount);
      for (const part of ['values', 'nullBitmap', 'valueOffsets'] as const) {
        expect(Buffer.compare(bytesOf(column[part]), bytesOf(everything[c]![part]))).toBe(0);
      }
    }
  }
  const [one, again, three, held, others, all, last] = costs;
  expect(one).toBeLessThan(0.1);
  expect(again).toBe(0);
  expect(three).toBeLessThan(0.2);
  expect(held).toBe(0);
  expect(others).toBeLessThan(0.15);
  expect(all).toBeLessThanOrEqual(1);
  expect(last).toBe(0);
  await file.close();
});

function bytesOf(values: ArrayBufferView | undefined): Buffer {
  return values === undefined ? Buffer.alloc(0) : Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
