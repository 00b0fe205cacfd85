import { describe, expect, it } from 'vitest';
import { draw, fillUniform, PURPOSE, philox } from '../../src/random/philox.js';

const hex = (words: Uint32Array): string => [...words].map((w) => w.toString(16).padStart(8, '0')).join(' ');

describe('philox4x32-10', () => {
  // Known-answer vectors of the authors' Random123 library (kat_vectors, philox4x32 10).
  it.each([
    [[0, 0, 0, 0, 0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [new Array(6).fill(0xffffffff), '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('gives the published words for key and counter %j', ([k0, k1, c0, c1, c2, c3], expected) => {
    const out = new Uint32Array(4);
    philox(out, k0, k1, c0, c1, c2, c3);
    expect(hex(out)).toBe(expected);
  });

  it('separates seeds beyond 32 bits, purposes, streams and indices', () => {
    const seen = new Set<string>();
    const out = new Uint32Array(4);
    for (const seed of [0, 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      for (const purpose of Object.values(PURPOSE)) {
        for (const stream of [0, 1]) {
          for (const index of [0, 1, 2 ** 32]) {
            draw(out, seed, purpose, stream, index);
            seen.add(hex(out));
          }
        }
      }
    }
    expect(seen.size).toBe(5 * Object.values(PURPOSE).length * 2 * 3);
  });

  it('fills uniformly within the bound, and element i alike however long the array', () => {
    const long = new Float32Array(100_000);
    fillUniform(long, 0.5, 7, PURPOSE.initialWeights, 3);
    const short = new Float32Array(10);
    fillUniform(short, 0.5, 7, PURPOSE.initialWeights, 3);
    expect([...short]).toEqual([...long.subarray(0, 10)]);
    const mean = long.reduce((sum, x) => sum + x, 0) / long.length;
    const variance = long.reduce((sum, x) => sum + x * x, 0) / long.length;
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(1 / 12 / long.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
    expect(Math.min(...long.subarray(0, 1000))).toBeGreaterThanOrEqual(-0.5);
    expect(long.every((x) => x >= -0.5 && x < 0.5)).toBe(true);
  });
});
