/** Row order in every kernel set: the integers of the permutation in TypeScript, at any size and from any position. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPermutation, MAX_PERMUTATION } from '../../src/random/permutation.js';
import { PURPOSE } from '../../src/random/philox.js';
import { ARENAS, type Arena, call, place, reset } from './arena.js';

function permuted(arena: Arena, size: number, seed: number, start: number, count: number): number[] {
  const { constants } = createPermutation(size, seed, PURPOSE.rowOrder, 3);
  const { a, b, keys } = constants;
  reset(arena);
  const room = 4 * Math.ceil(count / 4);
  const to = place(arena, 1, room, new Float32Array(room));
  const right = Math.floor(start / a);
  call(arena, [to], (kernels) =>
    kernels.permute(to.at, start - right * a, right, count, size, a, b, keys[0], keys[1], keys[2], keys[3]),
  );
  return [...arena.words.subarray(to.at / 4, to.at / 4 + count)];
}

function expected(size: number, seed: number, start: number, count: number): number[] {
  const permutation = createPermutation(size, seed, PURPOSE.rowOrder, 3);
  return Array.from({ length: count }, (_, i) => permutation.at(start + i));
}

const sizes = fc.oneof(
  fc.integer({ min: 256, max: 3000 }),
  fc.integer({ min: 256, max: MAX_PERMUTATION - 1 }),
  // Just above a square, where the domain exceeds the size the most, and squares.
  fc.integer({ min: 16, max: 65535 }).chain((root) => fc.constantFrom(root * root, root * root + 1)),
);

describe.each(ARENAS)('%s', (_, arena) => {
  test('is the permutation, anywhere in it and up to its end', () => {
    const stretch = sizes.chain((size) =>
      fc.record({
        size: fc.constant(size),
        seed: fc.nat(),
        count: fc.integer({ min: 1, max: Math.min(256, size) }),
        place: fc.constantFrom('start', 'end', 'anywhere'),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(stretch, ({ size, seed, count, place: where, at }) => {
        const last = size - count;
        const start = where === 'start' ? 0 : where === 'end' ? last : Math.floor(at * last);
        expect(permuted(arena, size, seed, start, count)).toEqual(expected(size, seed, start, count));
      }),
      { numRuns: 500 },
    );
  });

  test('a whole table of 257 rows, by stretches of 100, visits every row once', () => {
    const rows = [0, 100, 200].flatMap((start) => permuted(arena, 257, 1, start, Math.min(100, 257 - start)));
    expect(rows.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 257 }, (_row, i) => i));
  });
});
