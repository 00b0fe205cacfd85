/** Activations and their derivatives, in both kernel sets, against the reference; tanh and sigmoid: elementary.test.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import * as reference from '../../src/kernels/reference.js';
import { ARENAS, type Arena, call, placeVector, read, reset } from './arena.js';
import { firstDifference, type Mixture, ulp32, values } from './numbers.js';

const counts = fc.integer({ min: 0, max: 40 }).map((x) => 4 * x);
const mixtures = fc.constantFrom<Mixture>('plain', 'wild', 'special');
const slopes = fc.constantFrom(0.01, 0.2, 1);

function forward(arena: Arena, x: Float32Array, run: (kernels: Kernels, h: number, count: number) => void) {
  reset(arena);
  const h = placeVector(arena, x);
  call(arena, [h], (kernels) => run(kernels, h.at, x.length));
  return read(arena, h);
}

function backward(
  arena: Arena,
  gradient: Float32Array,
  output: Float32Array,
  run: (kernels: Kernels, d: number, h: number, count: number) => void,
) {
  reset(arena);
  const [d, h] = [placeVector(arena, gradient), placeVector(arena, output)];
  call(arena, [d], (kernels) => run(kernels, d.at, h.at, gradient.length));
  return read(arena, d);
}

describe.each(ARENAS)('%s', (_, arena) => {
  test('leakyReluForward and leakyReluBackward are exact', () => {
    fc.assert(
      fc.property(counts, fc.nat(1e6), mixtures, slopes, (count, seed, mixture, decimal) => {
        const slope = Math.fround(decimal);
        const [x, d] = [values(seed, count, mixture), values(seed + 1, count, mixture)];
        const h = forward(arena, x, (kernels, at, n) => kernels.leakyReluForward(at, n, slope));
        expect(firstDifference(h, Float32Array.from(reference.leakyReluForward(x, slope)))).toBe(-1);
        const back = backward(arena, d, h, (kernels, at, of, n) => kernels.leakyReluBackward(at, of, n, slope));
        expect(firstDifference(back, Float32Array.from(reference.leakyReluBackward(d, h, slope)))).toBe(-1);
      }),
    );
  });

  test.each([
    ['tanhBackward', reference.tanhBackward, -1, 1],
    ['sigmoidBackward', reference.sigmoidBackward, 0, 1],
  ] as const)('%s is within 2 ulp of the gradient', (kernel, oracle, low, high) => {
    fc.assert(
      fc.property(counts, fc.nat(1e6), mixtures, (count, seed, mixture) => {
        const d = values(seed, count, mixture);
        const h = values(seed + 1, count).map((v) => low + ((v + 2) / 4) * (high - low));
        const actual = backward(arena, d, h, (kernels, at, of, n) => kernels[kernel](at, of, n));
        oracle(d, h).forEach((exact, i) => {
          if (!Number.isFinite(exact)) expect(actual[i]).toBe(Math.fround(exact));
          // 1 - h h loses what rounding h h to 24 bits loses
          else expect(Math.abs(actual[i]! - exact)).toBeLessThanOrEqual(2 * ulp32(exact) + Math.abs(d[i]!) * 2 ** -25);
        });
      }),
    );
  });

  test('leakyReluBackward: NaN in the output lets the gradient through', () => {
    const h = Float32Array.of(NaN, 1, -1, 0);
    const d = backward(arena, Float32Array.of(3, 3, 3, 3), h, (kernels, at, of) =>
      kernels.leakyReluBackward(at, of, 4, 0.5),
    );
    expect([...d]).toEqual([3, 3, 1.5, 1.5]);
  });
});
