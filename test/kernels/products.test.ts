/**
 * Products: every element is exactly the chain that kernels.ts promises, for any shape; close to the float64 reference;
 * and the same bits however a product is cut into calls.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EPILOGUE, KC, type Kernels } from '../../src/kernels/kernels.js';
import * as reference from '../../src/kernels/reference.js';
import { ARENAS, call, place, placeVector, type Region, read, reset } from './arena.js';
import { chain, firstDifference } from './numbers.js';
import { compute, EPILOGUES, FORMS, operands, type Shape, shapes } from './product-cases.js';

/** What the epilogue makes of the element `at` of C, given its sum. */
function finish({ n, epilogue }: Shape, { before, bias, mask }: ReturnType<typeof operands>, at: number, sum: number) {
  let c = sum;
  if (epilogue & EPILOGUE.accumulate) c = Math.fround(c + before[at]!);
  if (epilogue & EPILOGUE.bias) c = Math.fround(c + bias[at % n]!);
  if (epilogue & EPILOGUE.relu && c < 0) c = 0;
  if (epilogue & EPILOGUE.reluMask && mask[at]! <= 0) c = 0;
  return c;
}

/** C[m, n] by chains, one element after the other. */
function chains(arithmetic: Kernels['arithmetic'], shape: Shape): Float32Array {
  const { form, m, n, k } = shape;
  const dense = operands(shape);
  const { a, b } = dense;
  return Float32Array.from({ length: m * n }, (_, at) => {
    const row = Math.floor(at / n);
    const column = at % n;
    const sum = chain(
      arithmetic,
      k,
      (i) => (form === 'TN' ? a[i * m + row]! : a[row * k + i]!),
      (i) => (form === 'NT' ? b[column * k + i]! : b[i * n + column]!),
    );
    return finish(shape, dense, at, sum);
  });
}

const CASES = ARENAS.flatMap(([name, arena]) => FORMS.map((form) => [name, form, arena] as const));

describe.each(CASES)('%s gemm%s', (_, form, arena) => {
  const { arithmetic } = arena.kernels;

  test('every element is exactly one multiply-add chain, then the epilogue', () => {
    fc.assert(
      fc.property(shapes(form), (shape) => {
        expect(firstDifference(compute(arena, shape), chains(arithmetic, shape))).toBe(-1);
      }),
      { numRuns: 60 },
    );
  });

  test.each([0, 1, 255, 256, 257, 511, 512, 513, 600])('chains of k = %i, in blocks of 256', (k) => {
    for (const n of [8, 16]) {
      for (const epilogue of EPILOGUES[form]) {
        if (epilogue & EPILOGUE.accumulate && k > KC) continue;
        // m = 20 is the first that packs B in every form
        const shape: Shape = { form, m: 20, n, k, slack: 8, epilogue, seed: k, mixture: 'wild' };
        expect(firstDifference(compute(arena, shape), chains(arithmetic, shape))).toBe(-1);
      }
    }
  });

  test('is within (k + 3) 2^-24 of the float64 product, relative to the sum of magnitudes', () => {
    fc.assert(
      fc.property(shapes(form), (drawn) => {
        const shape: Shape = { ...drawn, mixture: 'plain' };
        const { m, n, k, epilogue } = shape;
        const { a, b, bias, mask, before } = operands(shape);
        const abs = (x: Float32Array) => x.map(Math.abs);
        const oracle = { NN: reference.gemmNN, TN: reference.gemmTN, NT: reference.gemmNT }[form];
        const exact = oracle(m, n, k, a, b, {
          ...(epilogue & EPILOGUE.accumulate && { accumulate: before }),
          ...(epilogue & EPILOGUE.bias && { bias }),
          ...(epilogue & EPILOGUE.relu && { relu: true }),
          ...(epilogue & EPILOGUE.reluMask && { reluMask: mask }),
        });
        const magnitude = oracle(m, n, k, abs(a), abs(b), { accumulate: abs(before), bias: abs(bias) });
        const actual = compute(arena, shape);
        actual.forEach((value, at) => {
          expect(Math.abs(value - exact[at]!)).toBeLessThanOrEqual((k + 3) * 2 ** -24 * magnitude[at]!);
        });
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    // over the edges of MC 128, NC 512 and KC 256, with the wide tile and the narrow one
    { m: 132, n: 528, k: 300 },
    { m: 132, n: 520, k: 300 },
    // strided unpacked operands
    { m: 260, n: 64, k: 64 },
  ])('$m x $n x $k has the bits of its parts, computed one by one', ({ m, n, k }) => {
    const whole: Shape = { form, m, n, k, slack: 8, epilogue: 0, seed: 7, mixture: 'plain' };
    const expected = compute(arena, whole);
    const dense = operands(whole);
    const { a, b } = dense;
    for (const epilogue of EPILOGUES[form].filter((bits) => !(bits & EPILOGUE.accumulate) || k <= KC)) {
      const shape = { ...whole, epilogue };
      const finished = expected.map((sum, at) => finish(shape, dense, at, sum));
      expect(firstDifference(compute(arena, shape), finished)).toBe(-1);
    }
    const [aRow, aStep] = form === 'TN' ? [1, m] : [k, 1];
    const [bColumn, bStep] = form === 'NT' ? [k, 1] : [1, n];
    reset(arena);
    const left = place(arena, 1, a.length, a);
    const right = place(arena, 1, b.length, b);
    const product = place(arena, 4, 8, new Float32Array(32));
    for (let i = 0; i < m; i += 64) {
      for (let j = 0; j < n; j += 40) {
        // 4 rows of A and 8 columns of B, made dense, go through the smallest product
        const rows = Float32Array.from(
          { length: 4 * k },
          (_, at) => a[(i + Math.floor(at / k)) * aRow + (at % k) * aStep]!,
        );
        const columns = Float32Array.from(
          { length: k * 8 },
          (_, at) => b[(j + (at % 8)) * bColumn + Math.floor(at / 8) * bStep]!,
        );
        arena.floats.set(rows, left.at / 4);
        arena.floats.set(columns, right.at / 4);
        arena.kernels.gemmNN(4, 8, k, left.at, k, right.at, 8, product.at, 8, 0, 0, arena.workspace);
        const part = read(arena, product);
        const same = Float32Array.from(part, (_, at) => expected[(i + Math.floor(at / 8)) * n + j + (at % 8)]!);
        expect(firstDifference(part, same)).toBe(-1);
      }
    }
  });
});

test('regions do not overlap', () => {
  const [, arena] = ARENAS[0]!;
  reset(arena);
  const regions: Region[] = [place(arena, 4, 8, [], 16), placeVector(arena, [1]), place(arena, 3, 5, [])];
  const ends = regions.map(({ at, rows, ld }) => at + rows * ld * 4);
  expect(regions.slice(1).every(({ at }, i) => at > ends[i]!)).toBe(true);
  expect(() => call(arena, [], () => arena.floats.fill(0, regions[0]!.at / 4, regions[0]!.at / 4 + 1))).toThrow(
    'changed',
  );
});
