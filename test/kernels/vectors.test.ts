/** Products with a vector, and sums of rows: the same chains as the matrix forms, checked the same way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EPILOGUE } from '../../src/kernels/kernels.js';
import * as reference from '../../src/kernels/reference.js';
import { ARENAS, call, place, placeVector, read, reset } from './arena.js';
import { chain, firstDifference, type Mixture, values } from './numbers.js';

describe.each(ARENAS)('%s products with a vector', (_, arena) => {
  const { arithmetic } = arena.kernels;
  const seeds = fc.nat(1e6);
  const mixtures = fc.constantFrom<Mixture>('plain', 'wild', 'special');
  const blocksOfK = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(255, 256, 257, 600));
  const slacks = fc.constantFrom(0, 3, 8);

  test('gemvForward: one chain over k a row, then the bias', () => {
    const rows = fc.integer({ min: 1, max: 11 }).map((x) => 4 * x);
    fc.assert(
      fc.property(rows, blocksOfK, slacks, seeds, mixtures, (m, k, slack, seed, mixture) => {
        const [a, w, bias] = [values(seed, m * k, mixture), values(seed + 1, k, mixture), values(seed + 2, 1)];
        reset(arena);
        const [pa, pw, pb] = [
          place(arena, m, k, a, Math.max(1, k + slack)),
          placeVector(arena, w),
          placeVector(arena, bias),
        ];
        const y = placeVector(arena, new Float32Array(m));
        call(arena, [y], (kernels) => kernels.gemvForward(m, k, pa.at, pa.ld, pw.at, pb.at, y.at));
        const expected = Float32Array.from({ length: m }, (_, row) =>
          Math.fround(
            chain(
              arithmetic,
              k,
              (i) => a[row * k + i]!,
              (i) => w[i]!,
            ) + bias[0]!,
          ),
        );
        expect(firstDifference(read(arena, y), expected)).toBe(-1);
        if (mixture !== 'plain') return;
        const oracle = reference.gemvForward(m, k, a, w, bias[0]!);
        oracle.forEach((value, row) => {
          expect(Math.abs(expected[row]! - value)).toBeLessThan((k + 2) ** 2 * 2 ** -22);
        });
      }),
      { numRuns: 80 },
    );
  });

  test('gemvForward has the bits of gemmNN', () => {
    const [m, k] = [28, 300];
    const [a, w, bias] = [values(1, m * k), values(2, k), values(3, 8)];
    reset(arena);
    const [pa, pw, pb] = [place(arena, m, k, a), placeVector(arena, w), placeVector(arena, bias)];
    const b = place(
      arena,
      k,
      8,
      Float32Array.from({ length: 8 * k }, (_, at) => w[Math.floor(at / 8)]!),
    );
    const y = placeVector(arena, new Float32Array(m));
    const c = place(arena, m, 8, new Float32Array(8 * m));
    arena.kernels.gemvForward(m, k, pa.at, k, pw.at, pb.at, y.at);
    arena.kernels.gemmNN(m, 8, k, pa.at, k, b.at, 8, c.at, 8, pb.at, EPILOGUE.bias, arena.workspace);
    const matrix = read(arena, c);
    expect(
      firstDifference(
        read(arena, y),
        Float32Array.from({ length: m }, (_, row) => matrix[8 * row]!),
      ),
    ).toBe(-1);
  });

  const columns = fc.integer({ min: 1, max: 10 }).map((x) => 8 * x);
  const rowsOfBatch = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(100, 255, 256));

  test('gemvWeightGradient: one chain down the rows a column, added to what is there', () => {
    fc.assert(
      fc.property(
        rowsOfBatch,
        columns,
        slacks,
        fc.boolean(),
        seeds,
        mixtures,
        (k, n, slack, accumulate, seed, mixture) => {
          const [a, d, before] = [values(seed, k * n, mixture), values(seed + 1, k, mixture), values(seed + 2, n)];
          reset(arena);
          const [pa, pd, g] = [place(arena, k, n, a, n + slack), placeVector(arena, d), placeVector(arena, before)];
          call(arena, [g], (kernels) =>
            kernels.gemvWeightGradient(k, n, pa.at, pa.ld, pd.at, g.at, accumulate ? 1 : 0),
          );
          const expected = Float32Array.from({ length: n }, (_, column) => {
            const sum = chain(
              arithmetic,
              k,
              (i) => a[i * n + column]!,
              (i) => d[i]!,
            );
            return accumulate ? sum + before[column]! : sum;
          });
          expect(firstDifference(read(arena, g), expected)).toBe(-1);
          if (mixture !== 'plain') return;
          const oracle = reference.gemvWeightGradient(k, n, a, d, accumulate ? before : undefined);
          oracle.forEach((value, i) => {
            expect(Math.abs(expected[i]! - value)).toBeLessThan((k + 2) ** 2 * 2 ** -22);
          });
        },
      ),
      { numRuns: 80 },
    );
  });

  test('gemvInputGradient: products of one step, zero where the mask is not positive', () => {
    const rows = fc.integer({ min: 1, max: 6 }).map((x) => 4 * x);
    fc.assert(
      fc.property(rows, columns, slacks, fc.boolean(), seeds, (m, n, slack, masked, seed) => {
        const [d, w] = [values(seed, m, 'special'), values(seed + 1, n, 'special')];
        const mask = values(seed + 2, m * n, 'special');
        reset(arena);
        const [pd, pw, pm] = [placeVector(arena, d), placeVector(arena, w), place(arena, m, n, mask, n + slack)];
        const c = place(arena, m, n, new Float32Array(m * n), n + slack);
        const epilogue = masked ? EPILOGUE.reluMask : 0;
        call(arena, [c], (kernels) => kernels.gemvInputGradient(m, n, pd.at, pw.at, c.at, c.ld, pm.at, epilogue));
        const oracle = reference.gemvInputGradient(m, n, d, w, masked ? mask : undefined);
        const actual = read(arena, c);
        const expected = actual.map((_, at) => {
          if (masked && mask[at]! <= 0) return 0;
          return chain(
            arithmetic,
            1,
            () => d[Math.floor(at / n)]!,
            () => w[at % n]!,
          );
        });
        expect(firstDifference(actual, expected)).toBe(-1);
        // the product is exact in float64; adding 0 takes the sign of a zero, which the strict set does after rounding
        expect(
          firstDifference(
            actual.map((x) => x + 0),
            Float32Array.from(oracle, (x) => Math.fround(x) + 0),
          ),
        ).toBe(-1);
      }),
      { numRuns: 80 },
    );
  });

  test('biasGradient: sums in row order, of columns and of a contiguous vector', () => {
    const widths = fc.oneof(fc.constant(1), columns);
    fc.assert(
      fc.property(rowsOfBatch, widths, fc.boolean(), seeds, mixtures, (rows, n, accumulate, seed, mixture) => {
        const [d, before] = [values(seed, rows * n, mixture), values(seed + 1, n)];
        reset(arena);
        const [pd, g] = [place(arena, rows, n, d, n === 1 ? 1 : n + 8), placeVector(arena, before)];
        call(arena, [g], (kernels) => kernels.biasGradient(rows, n, pd.at, pd.ld, g.at, accumulate ? 1 : 0));
        const expected = Float32Array.from({ length: n }, (_, column) => {
          let sum = 0;
          for (let row = 0; row < rows; row++) sum = Math.fround(sum + d[row * n + column]!);
          return accumulate ? sum + before[column]! : sum;
        });
        expect(firstDifference(read(arena, g), expected)).toBe(-1);
        if (mixture !== 'plain') return;
        const oracle = reference.biasGradient(rows, n, d, accumulate ? before : undefined);
        oracle.forEach((value, i) => {
          expect(Math.abs(expected[i]! - value)).toBeLessThan((rows + 2) ** 2 * 2 ** -23);
        });
      }),
      { numRuns: 80 },
    );
  });
});
