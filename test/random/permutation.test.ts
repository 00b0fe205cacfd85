import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPermutation, MAX_PERMUTATION } from '../../src/random/permutation.js';
import { PURPOSE } from '../../src/random/philox.js';

function order(size: number, seed: number, epoch = 0): Uint32Array {
  const out = new Uint32Array(size);
  createPermutation(size, seed, PURPOSE.rowOrder, epoch).fill(out, 0, size);
  return out;
}

describe('permutation', () => {
  it('is a bijection for any size, and position by position what fill gives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), fc.maxSafeNat(), fc.nat(1000), (size, seed, epoch) => {
        const images = order(size, seed, epoch);
        expect([...images].sort((a, b) => a - b)).toEqual([...Array(size).keys()]);
        const permutation = createPermutation(size, seed, PURPOSE.rowOrder, epoch);
        for (let i = 0; i < size; i += 97) expect(permutation.at(i)).toBe(images[i]);
        if (size > 3) {
          const part = new Uint32Array(2);
          permutation.fill(part, size - 3, 2);
          expect([...part]).toEqual([...images.subarray(size - 3, size - 1)]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('stays in range and distinct on large sizes', () => {
    for (const size of [2 ** 31 - 1, 2 ** 31 + 12345, MAX_PERMUTATION - 1]) {
      const permutation = createPermutation(size, 1, PURPOSE.rowOrder, 0);
      const seen = new Set<number>();
      for (let i = 0; i < 2000; i++) {
        const image = permutation.at(size - 1 - i);
        expect(image).toBeLessThan(size);
        seen.add(image);
      }
      expect(seen.size).toBe(2000);
    }
  });

  it('sends every position everywhere equally often (chi-square over seeds, 5 sigma)', () => {
    for (const size of [2, 3, 5, 10, 16, 37, 256, 300, 1100]) {
      const draws = size > 100 ? 400 : 4000;
      const counts = new Float64Array(size * size);
      for (let seed = 0; seed < draws; seed++) order(size, seed).forEach((image, i) => counts[i * size + image]++);
      const expected = draws / size;
      const chi = counts.reduce((sum, c) => sum + ((c - expected) * (c - expected)) / expected, 0);
      const degrees = (size - 1) * (size - 1);
      expect(chi, `size ${size}`).toBeLessThan(degrees + 5 * Math.sqrt(2 * degrees) + 5);
    }
  });

  it('leaves neighbours no more alike than chance (serial correlation of images and of epochs)', () => {
    const size = 10_007;
    const correlation = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
      let sum = 0;
      for (let i = 0; i < size - 1; i++) sum += (a[i] / size - 0.5) * (b[i] / size - 0.5);
      return (12 * sum) / size;
    };
    const bound = 5 / Math.sqrt(size);
    const first = order(size, 3, 0);
    expect(Math.abs(correlation(first, first.subarray(1)))).toBeLessThan(bound);
    expect(Math.abs(correlation(first, order(size, 3, 1)))).toBeLessThan(bound);
    expect(Math.abs(correlation(first, order(size, 4, 0)))).toBeLessThan(bound);
    expect(
      Math.abs(
        correlation(
          first,
          Array.from({ length: size }, (_, i) => i),
        ),
      ),
    ).toBeLessThan(bound);
  });

  it('refuses more rows than can be ordered', () => {
    expect(() => createPermutation(MAX_PERMUTATION, 0, PURPOSE.rowOrder, 0)).toThrow(/too long/);
  });
});
