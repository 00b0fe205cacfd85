/** Dropout in every kernel set: the units that the definition says, and as random as it should be. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as reference from '../../src/kernels/reference.js';
import { ARENAS, type Arena, call, place, read, reset } from './arena.js';
import { firstDifference, values } from './numbers.js';

const word = fc.nat(0xffff_ffff);
const HALF = 2 ** 31;

function drop(
  arena: Arena,
  x: Float32Array,
  columns: number,
  keys: { rowKey: number; unitKey: number; firstRow: number },
  keepBelow: number,
  scale: number,
): Float32Array {
  reset(arena);
  const rows = x.length / columns;
  const [from, to] = [place(arena, rows, columns, x), place(arena, rows, columns, x)];
  call(arena, [to], (kernels) =>
    kernels.dropout(from.at, to.at, rows, columns, keys.rowKey, keys.unitKey, keys.firstRow, keepBelow, scale),
  );
  return read(arena, to);
}

/** Which of [rows, columns] units are kept. */
function masks(arena: Arena, rows: number, columns: number, rowKey: number, unitKey: number, keepBelow = HALF) {
  return drop(arena, new Float32Array(rows * columns).fill(1), columns, { rowKey, unitKey, firstRow: 0 }, keepBelow, 1);
}

const sum = (x: Float32Array): number => x.reduce((total, v) => total + v, 0);

describe.each(ARENAS)('%s', (_, arena) => {
  test('keeps and scales exactly the units that the reference keeps', () => {
    const shape = fc.record({ rows: fc.nat(20), quads: fc.integer({ min: 1, max: 20 }), seed: fc.nat(1e6) });
    const keys = fc.record({ rowKey: word, unitKey: word, firstRow: word });
    fc.assert(
      fc.property(shape, keys, word, ({ rows, quads, seed }, key, keepBelow) => {
        const x = values(seed, rows * quads * 4, 'wild');
        const expected = reference.dropout(x, quads * 4, key, keepBelow, 2);
        expect(firstDifference(drop(arena, x, quads * 4, key, keepBelow, 2), Float32Array.from(expected))).toBe(-1);
      }),
    );
  });

  test('a dropped NaN or Infinity is 0, a kept one stays', () => {
    const x = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY);
    const keys = { rowKey: 1, unitKey: 2, firstRow: 3 };
    expect([...drop(arena, x, 4, keys, 0, 2)]).toEqual([0, 0, 0, 0]);
    expect([...drop(arena, x, 4, keys, 0xffff_ffff, 2)]).toEqual([...x]);
  });

  test('rows in two calls are the rows in one', () => {
    const whole = values(5, 24 * 8);
    const keys = { rowKey: 77, unitKey: 88 };
    const parts = [0, 10].map((start, i) =>
      drop(arena, whole.subarray(start * 8, [10, 24][i] * 8), 8, { ...keys, firstRow: start }, HALF, 2),
    );
    expect([...parts[0], ...parts[1]]).toEqual([...drop(arena, whole, 8, { ...keys, firstRow: 0 }, HALF, 2)]);
  });

  // Fixed keys: what is computed is the same every time, and 5 standard deviations are more than any of them needs.
  test('keeps the share that it should, over all units, over each row, and over each column', () => {
    const [rows, columns] = [2000, 256];
    for (const share of [0.5, 0.9]) {
      const mask = masks(arena, rows, columns, 0x1234_5678, 0x9abc_def0, share * 2 ** 32);
      const deviation = (count: number): number => 5 * Math.sqrt(count * share * (1 - share));
      const expectShare = (kept: number, count: number) =>
        expect(Math.abs(kept - count * share)).toBeLessThan(deviation(count));
      expectShare(sum(mask), rows * columns);
      for (let r = 0; r < rows; r++) expectShare(sum(mask.subarray(r * columns, (r + 1) * columns)), columns);
      for (let c = 0; c < columns; c++) expectShare(sum(mask.filter((_, i) => i % columns === c)), rows);
    }
  });

  test('neighbouring units, neighbouring rows and other keys agree half of the time', () => {
    const [rows, columns] = [500, 256];
    const count = rows * columns;
    const mask = masks(arena, rows, columns, 1, 2);
    const agreeing = (other: Float32Array): number => other.reduce((n, v, i) => n + (v === mask[i] ? 1 : 0), 0);
    const rotated = (by: number): Float32Array => Float32Array.from(mask, (_, i) => mask[(i + by) % count]);
    const others = [rotated(1), rotated(2), rotated(4), rotated(columns), rotated(2 * columns)];
    const keyed = [
      masks(arena, rows, columns, 2, 2),
      masks(arena, rows, columns, 1, 3),
      masks(arena, rows, columns, 2, 1),
    ];
    for (const other of [...others, ...keyed]) {
      expect(Math.abs(agreeing(other) - count / 2)).toBeLessThan(5 * Math.sqrt(count / 4));
    }
  });
});
