/** exp and log against a thousand-place oracle, tanh and sigmoid against float64; the bounds stand in the tests' names. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as reference from '../../src/kernels/reference.js';
import { ARENAS, type Arena, call, placeVector, read, reset } from './arena.js';
import { ulpsFromExp, ulpsFromLog } from './bigexp.js';
import { firstDifference, ulp32 } from './numbers.js';

/** Float32 of every magnitude, both signs: all exponents, several fractions each. */
const EVERY_MAGNITUDE = Float32Array.from(
  { length: 278 * 32 },
  (_, i) => (i % 2 === 0 ? 1 : -1) * (1 + (i % 32) / 32.5) * 2 ** (Math.floor(i / 32) - 149),
);
/** Densely around where the functions turn and where they saturate. */
const NEAR = Float32Array.from({ length: 1 << 16 }, (_, i) => ((i - 32768) / 32768) * 110);

type InPlace = 'tanhForward' | 'sigmoidForward';

function apply(arena: Arena, kernel: InPlace, x: Float32Array): Float32Array {
  reset(arena);
  const h = placeVector(arena, x);
  call(arena, [h], (kernels) => kernels[kernel](h.at, x.length));
  return read(arena, h);
}

describe.each(ARENAS)('%s', (_, arena) => {
  const { exp, log } = arena.kernels;

  test('exp is within 1 ulp of the true value, 1.5 where that is denormal', () => {
    fc.assert(
      fc.property(fc.double({ min: -745, max: 709.78, noNaN: true }), (x) => {
        expect(ulpsFromExp(exp(x), x)).toBeLessThanOrEqual(x < -708.39 ? 1.5 : 1);
      }),
      { numRuns: 400 },
    );
    for (let x = -745; x < 709; x += 3.7) {
      expect(ulpsFromExp(exp(x), x)).toBeLessThanOrEqual(x < -708.39 ? 1.5 : 1);
      expect(ulpsFromExp(exp(x / 1000), x / 1000)).toBeLessThanOrEqual(1);
    }
  });

  test('exp at the ends of its range', () => {
    const ends = [
      0,
      -0,
      709.782712893384,
      709.7827128933841,
      Infinity,
      -745.1332191019411,
      -745.1332191019412,
      -746,
      -Infinity,
      NaN,
    ];
    expect(ends.map(exp)).toEqual([1, 1, exp(709.782712893384), Infinity, Infinity, 5e-324, 0, 0, 0, NaN]);
    expect(exp(709.782712893384)).toBeGreaterThan(1.797693134e308);
    expect(exp(709.782712893384)).toBeLessThan(Infinity);
  });

  test('log is within 1 ulp of the true value', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }), (x) => {
        if (x !== 1) expect(ulpsFromLog(log(x), x)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
    for (let x = 0.5; x < 2; x += 0.00713) expect(ulpsFromLog(log(x), x)).toBeLessThanOrEqual(1);
  });

  test('log at the ends of its range', () => {
    const ends = [1, 0, -0, -1e-300, -Infinity, Infinity, NaN];
    expect(ends.map(log)).toEqual([0, -Infinity, -Infinity, NaN, NaN, Infinity, NaN]);
  });

  test.each([
    ['tanhForward', reference.tanhForward],
    ['sigmoidForward', reference.sigmoidForward],
  ] as const)('%s is within 2 ulp of the true value, denormal results included', (kernel, oracle) => {
    for (const x of [EVERY_MAGNITUDE, NEAR]) {
      const actual = apply(arena, kernel, x);
      const exact = oracle(x);
      let worst = 0;
      actual.forEach((y, i) => {
        worst = Math.max(worst, Math.abs(y - exact[i]!) / ulp32(exact[i]!));
      });
      expect(worst).toBeLessThanOrEqual(2);
    }
  });

  test('tanh and sigmoid of zeros, denormals, infinities and NaN', () => {
    const tiny = 2 ** -149;
    const x = Float32Array.of(0, -0, tiny, -tiny, Infinity, -Infinity, NaN, 3.4e38);
    expect(firstDifference(apply(arena, 'tanhForward', x), [0, -0, tiny, -tiny, 1, -1, NaN, 1])).toBe(-1);
    expect(firstDifference(apply(arena, 'sigmoidForward', x), [0.5, 0.5, 0.5, 0.5, 1, 0, NaN, 1])).toBe(-1);
  });

  test('tanh is odd, bit by bit', () => {
    const y = apply(arena, 'tanhForward', EVERY_MAGNITUDE);
    const negated = apply(
      arena,
      'tanhForward',
      EVERY_MAGNITUDE.map((x) => -x),
    );
    expect(
      firstDifference(
        y.map((x) => -x),
        negated,
      ),
    ).toBe(-1);
  });
});

test('both kernel sets have the same elementary bits', () => {
  const [first, second] = ARENAS.map(([, arena]) => arena);
  for (const kernel of ['tanhForward', 'sigmoidForward'] as const) {
    expect(firstDifference(apply(first!, kernel, NEAR), apply(second!, kernel, NEAR))).toBe(-1);
  }
  for (const x of NEAR.subarray(0, 2000)) expect(first!.kernels.exp(x)).toBe(second!.kernels.exp(x));
});
