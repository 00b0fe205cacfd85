/** Activations whose derivative is kept beside their output, in both kernel sets: bounds stand in the tests' names. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as reference from '../../src/kernels/reference.js';
import { ARENAS, type Arena, call, placeVector, read, reset } from './arena.js';
import { firstDifference, type Mixture, ulp32, values } from './numbers.js';

type Oracle = (x: Float32Array | number[]) => reference.Gated;
type Gated = 'siluForward' | 'mishForward' | 'geluForward';
const GATED: readonly (readonly [Gated, Oracle])[] = [
  ['siluForward', reference.siluForward],
  ['mishForward', reference.mishForward],
  ['geluForward', reference.geluForward],
];

/** Densely where the functions bend; their tails, to where the output is denormal; and large numbers. */
const NEAR = Float32Array.from({ length: 1 << 16 }, (_, i) => ((i - 32768) / 32768) * 12);
const FAR = Float32Array.from({ length: 1 << 14 }, (_, i) => ((i - 8192) / 8192) * 120);
const EVERY_MAGNITUDE = Float32Array.from(
  { length: 275 * 16 },
  (_, i) => (i % 2 === 0 ? 1 : -1) * (1 + (i % 16) / 16.5) * 2 ** (Math.floor(i / 16) - 149),
);

function apply(arena: Arena, kernel: Gated, x: Float32Array) {
  reset(arena);
  const [h, slope] = [placeVector(arena, x), placeVector(arena, x)];
  call(arena, [h, slope], (kernels) => kernels[kernel](h.at, slope.at, x.length));
  return { h: read(arena, h), slope: read(arena, slope) };
}

describe('the reference', () => {
  // Digits of mpmath 1.3 (50 places).
  test.each([
    [-12, -12 * 1.776482112077679e-33],
    [-5, -5 * 2.866515718791939e-7],
    [-3.0000001, -3.0000001 * 0.00134989758844532],
    [-2.9999999, -2.9999999 * 0.001349898474815002],
    [-1, -0.15865525393145705],
    [0.5, 0.5 * 0.6914624612740131],
    [3, 3 * 0.9986501019683699],
  ])('has the normal distribution within 1e-12 at %f', (x, expected) => {
    expect(Math.abs(reference.geluForward([x]).h[0] / expected - 1)).toBeLessThanOrEqual(1e-12);
  });

  test.each(GATED)('%s has the slope of a central difference', (_, oracle) => {
    for (let x = -6; x < 6; x += 0.37) {
      const [above, below] = oracle([x + 1e-5, x - 1e-5]).h;
      expect(oracle([x]).slope[0]).toBeCloseTo((above - below) / 2e-5, 8);
    }
  });
});

describe.each(ARENAS)('%s', (_, arena) => {
  const bounds: Record<Gated, (x: number) => number> = {
    siluForward: () => 4 * 2 ** -23,
    mishForward: () => 4 * 2 ** -23,
    geluForward: (x) => (8 + (x * x) / 2) * 2 ** -24,
  };

  test.each(GATED)(
    '%s: 4 ulp, for gelu (8 + x^2 / 2) 2^-24 relatively, and 2 of the smallest denormal',
    (kernel, oracle) => {
      for (const x of [NEAR, FAR, EVERY_MAGNITUDE]) {
        const { h } = apply(arena, kernel, x);
        const exact = oracle(x).h;
        let worst = 0;
        h.forEach((y, i) => {
          // Beyond 14.4 gelu's e^(-x^2/2) is below the smallest float32: 0.
          const flushed = kernel === 'geluForward' && x[i] < -14 ? Math.abs(exact[i]) : 0;
          // x times a gate that is itself denormal.
          const smallest = (2 + Math.abs(x[i])) * 2 ** -149 + flushed;
          worst = Math.max(worst, (Math.abs(y - exact[i]) - smallest) / Math.abs(exact[i]) / bounds[kernel](x[i]));
        });
        expect(worst).toBeLessThanOrEqual(1);
      }
    },
  );

  test.each(GATED)('%s: slopes within 2^-22', (kernel, oracle) => {
    for (const x of [NEAR, FAR, EVERY_MAGNITUDE]) {
      const { slope } = apply(arena, kernel, x);
      const exact = oracle(x).slope;
      expect(slope.reduce((worst, s, i) => Math.max(worst, Math.abs(s - exact[i])), 0)).toBeLessThanOrEqual(2 ** -22);
    }
  });

  test.each(GATED)('%s without a place for slopes has the same output, and writes nothing else', (kernel) => {
    const { h } = apply(arena, kernel, NEAR);
    reset(arena);
    const alone = placeVector(arena, NEAR);
    call(arena, [alone], (kernels) => kernels[kernel](alone.at, 0, NEAR.length));
    expect(firstDifference(read(arena, alone), h)).toBe(-1);
  });

  test.each(GATED)('%s keeps 0, and NaN and Infinity are not hidden', (kernel) => {
    const { h, slope } = apply(arena, kernel, Float32Array.of(0, Number.NaN, Number.POSITIVE_INFINITY, 0));
    const atZero = kernel === 'mishForward' ? Math.fround(0.6) : 0.5;
    expect([h[0], slope[0], h[1], slope[1], h[2]]).toEqual([
      0,
      atZero,
      Number.NaN,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test('multiply rounds each product once', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(1e6), fc.constantFrom<Mixture>('wild', 'special'), (quads, seed, mixture) => {
        const [x, y] = [values(seed, 4 * quads, mixture), values(seed + 1, 4 * quads, mixture)];
        reset(arena);
        const [d, slope] = [placeVector(arena, x), placeVector(arena, y)];
        call(arena, [d], (kernels) => kernels.multiply(d.at, slope.at, x.length));
        expect(firstDifference(read(arena, d), Float32Array.from(reference.multiply(x, y)))).toBe(-1);
      }),
    );
  });

  test.each([
    ['elu', 1, 1],
    ['selu', 1.0507009873554805, 1.7580993408473766],
  ])(
    'eluForward (%s) is within 3 ulp of the true value, eluBackward within 2^-23 of its slope',
    (_name, scale, alpha) => {
      const [s, a] = [Math.fround(scale), Math.fround(alpha)];
      for (const x of [NEAR, FAR, EVERY_MAGNITUDE]) {
        reset(arena);
        const h = placeVector(arena, x);
        call(arena, [h], (kernels) => kernels.eluForward(h.at, x.length, scale, alpha));
        const output = read(arena, h);
        const exact = reference.eluForward(x, s, a);
        expect(
          output.reduce((worst, y, i) => Math.max(worst, Math.abs(y - exact[i]) / ulp32(exact[i])), 0),
        ).toBeLessThanOrEqual(3);
        const d = placeVector(arena, new Float32Array(x.length).fill(1));
        call(arena, [d], (kernels) => kernels.eluBackward(d.at, h.at, x.length, scale, alpha));
        const slopes = reference.eluBackward(new Float32Array(x.length).fill(1), output, s, a);
        expect(read(arena, d).reduce((worst, y, i) => Math.max(worst, Math.abs(y - slopes[i])), 0)).toBeLessThanOrEqual(
          2 ** -23,
        );
      }
    },
  );

  test('elu of zeros, infinities and NaN', () => {
    reset(arena);
    const h = placeVector(arena, [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
    call(arena, [h], (kernels) => kernels.eluForward(h.at, 4, 1, 1));
    expect([...read(arena, h)]).toEqual([0, Number.POSITIVE_INFINITY, -1, Number.NaN]);
  });
});

test('both kernel sets have the same bits', () => {
  const [first, second] = ARENAS.map(([, arena]) => arena);
  for (const [kernel] of GATED) {
    const [a, b] = [apply(first!, kernel, NEAR), apply(second!, kernel, NEAR)];
    expect(firstDifference(a.h, b.h)).toBe(-1);
    expect(firstDifference(a.slope, b.slope)).toBe(-1);
  }
});
