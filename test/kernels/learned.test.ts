/** Kernels of learned pieces, in both kernel sets, against the reference; what stands of bounds is in the tests' names. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as reference from '../../src/kernels/reference-learned.js';
import { ARENAS, type Arena, call, place, placeVector, read, reset } from './arena.js';
import { firstDifference, values } from './numbers.js';

const tame = (seed: number, count: number, scale = 1): Float32Array =>
  values(seed, count).map((value) => Math.fround(value * scale));

/** The largest error over the largest magnitude, or over `least`, where sums may cancel. */
function relativeError(got: Float32Array, wanted: ArrayLike<number>, least = Number.MIN_VALUE): number {
  let [error, magnitude] = [0, least];
  got.forEach((value, i) => {
    error = Math.max(error, Math.abs(value - wanted[i]));
    magnitude = Math.max(magnitude, Math.abs(wanted[i]));
  });
  return error / magnitude;
}

const shape = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  eights: fc.integer({ min: 1, max: 6 }),
  seed: fc.nat(1e6),
});

/** w1, b1, W2 and b2 of so many numbers. */
function tensors(seed: number, numbers: number) {
  return {
    frequency: tame(seed, 16 * numbers, 0.5),
    phase: tame(seed + 1, 16 * numbers, 3),
    weight: tame(seed + 2, 48 * numbers),
    bias: tame(seed + 3, 3 * numbers),
  };
}

function periodic(arena: Arena, rows: number, numbers: number, seed: number, scale: number) {
  reset(arena);
  const padded = (rows + 3) & ~3;
  const x = place(arena, padded, numbers, tame(seed + 7, padded * numbers, scale), numbers + 3);
  const given = tensors(seed, numbers);
  const placed = Object.values(given).map((value) => placeVector(arena, value));
  const y = place(arena, padded, 3 * numbers, new Float32Array(padded * 3 * numbers), 3 * numbers + 5);
  const [w1, b1, w2, b2] = placed;
  call(arena, [y], (kernels) =>
    kernels.periodicForward(padded, numbers, x.at, x.ld, w1.at, b1.at, w2.at, b2.at, y.at, y.ld),
  );
  return { x, y, given, placed };
}

describe.each(ARENAS)('%s', (_, arena) => {
  test('blendForward: within 2^-21 of the largest, or of 1', () => {
    fc.assert(
      fc.property(shape, ({ rows, eights, seed }) => {
        const columns = 4 * eights;
        reset(arena);
        const given = [0, 1, 2].map((i) => tame(seed + i, rows * columns));
        const [h, z, slope] = given.map((value) => placeVector(arena, value));
        const share = tame(seed + 3, columns);
        const a = placeVector(arena, share);
        call(arena, [h, z, slope], (kernels) => kernels.blendForward(h.at, z.at, slope.at, a.at, rows, columns));
        const wanted = reference.blendForward(given[0], given[1], given[2], share);
        expect(relativeError(read(arena, h), wanted.h, 1)).toBeLessThanOrEqual(2 ** -21);
        expect(relativeError(read(arena, z), wanted.bend, 1)).toBeLessThanOrEqual(2 ** -21);
        expect(relativeError(read(arena, slope), wanted.slope, 1)).toBeLessThanOrEqual(2 ** -21);
      }),
    );
  });

  test('blendForward without a slope has the same output, and writes nothing else', () => {
    const [before, moved, share] = [tame(1, 24), tame(2, 24), tame(3, 8)];
    const outputs = [true, false].map((wantsSlope) => {
      reset(arena);
      const [h, z, slope, a] = [moved, before, before, share].map((value) => placeVector(arena, value));
      call(arena, wantsSlope ? [h, z, slope] : [h, z], (kernels) =>
        kernels.blendForward(h.at, z.at, wantsSlope ? slope.at : 0, a.at, 3, 8),
      );
      return read(arena, h);
    });
    expect(outputs[0]).toEqual(outputs[1]);
  });

  test('blendGradient and scaleRowsGradient: within 2^-18 of the largest, or of 8; what is accumulated is added last', () => {
    fc.assert(
      fc.property(shape, fc.boolean(), ({ rows, eights, seed }, isVector) => {
        const columns = isVector ? 1 : 8 * eights;
        const length = isVector ? 8 * eights : rows;
        const [d, bend] = [tame(seed, rows * 8 * eights), tame(seed + 1, rows * 8 * eights)];
        const [g, w, s] = [tame(seed + 2, length * columns), tame(seed + 3, length * columns), tame(seed + 4, length)];
        const run = (accumulate: number, held: readonly ArrayLike<number>[]) => {
          reset(arena);
          const [pd, pb, pg, pw, ps] = [d, bend, g, w, s].map((value) => placeVector(arena, value));
          const [ga, gw, gs] = held.map((value) => placeVector(arena, value));
          call(arena, [ga, gw, gs], (kernels) => {
            kernels.blendGradient(rows, 8 * eights, pd.at, pb.at, ga.at, accumulate);
            kernels.scaleRowsGradient(length, columns, pg.at, pw.at, ps.at, gw.at, gs.at, accumulate);
          });
          return [ga, gw, gs].map((region) => read(arena, region));
        };
        const zeros = [8 * eights, length * columns, length].map((count) => new Float32Array(count).fill(Number.NaN));
        const alone = run(0, zeros);
        const scaled = reference.scaleRowsGradient(columns, g, w, s);
        const wanted = [reference.blendGradient(8 * eights, d, bend), scaled.byWeight, scaled.byScale];
        alone.forEach((value, i) => expect(relativeError(value, wanted[i], 8)).toBeLessThanOrEqual(2 ** -18));
        const held = zeros.map((value, i) => tame(seed + 9 + i, value.length));
        const sums = alone.map((value, i) => value.map((v, j) => Math.fround(v + held[i][j])));
        run(1, held).forEach((value, i) => expect(firstDifference(value, sums[i])).toBe(-1));
      }),
    );
  });

  test('scaleRows rounds each product once, of matrices and of vectors', () => {
    for (const [rows, columns] of [
      [7, 8],
      [5, 24],
      [16, 1],
    ] as const) {
      reset(arena);
      const [w, s] = [tame(1, rows * columns), tame(2, rows)];
      const [pw, ps, to] = [w, s, w].map((value) => placeVector(arena, value));
      call(arena, [to], (kernels) => kernels.scaleRows(rows, columns, pw.at, ps.at, to.at));
      expect(firstDifference(read(arena, to), Float32Array.from(reference.scaleRows(columns, w, s)))).toBe(-1);
    }
  });

  test('layerNormForward and layerNormBackward: of 8 values or more, within 2^-17 of the largest, or of 1 / spread; padding stays 0', () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 8, max: 45 }), ({ rows, seed }, n) => {
        reset(arena);
        const ld = (n + 7) & ~7;
        const [z, d] = [tame(seed, rows * n, 3), tame(seed + 1, rows * n)];
        const [scale, shift] = [tame(seed + 2, n), tame(seed + 3, n)];
        const padded = (given: Float32Array) =>
          Float32Array.from({ length: (given.length / n) * ld }, (_, i) =>
            i % ld < n ? given[Math.floor(i / ld) * n + (i % ld)] : 0,
          );
        const dense = (held: Float32Array) => held.filter((_, i) => i % ld < n);
        const [pz, pd, ps, pt] = [z, d, scale, shift].map((given) => placeVector(arena, padded(given)));
        const px = placeVector(arena, new Float32Array(rows * ld).fill(Number.NaN));
        const pi = placeVector(arena, new Float32Array(rows).fill(Number.NaN));
        call(arena, [pz, px, pi], (kernels) =>
          kernels.layerNormForward(rows, n, pz.at, ld, ps.at, pt.at, px.at, pi.at),
        );
        call(arena, [pd], (kernels) => kernels.layerNormBackward(rows, n, pd.at, ld, ps.at, px.at, pi.at));
        const wanted = reference.layerNormForward(n, z, scale, shift);
        const { byInput } = reference.layerNormBackward(n, d, z, scale);
        const least = Math.max(1, ...wanted.inverse);
        expect(relativeError(read(arena, pi), wanted.inverse, least)).toBeLessThanOrEqual(2 ** -17);
        for (const [region, values] of [
          [pz, wanted.y],
          [px, wanted.x],
          [pd, byInput],
        ] as const) {
          const held = read(arena, region);
          expect(relativeError(dense(held), values, least)).toBeLessThanOrEqual(2 ** -17);
          expect(held.every((value, i) => i % ld < n || value === 0)).toBe(true);
        }
      }),
    );
  });

  test('layerNormForward that keeps nothing has the same output, and writes nothing else', () => {
    const outputs = [true, false].map((keeps) => {
      reset(arena);
      const [z, scale, shift, x, inverse] = [tame(1, 48), tame(2, 16), tame(3, 16), tame(4, 48), tame(5, 3)].map(
        (given) => placeVector(arena, given),
      );
      call(arena, keeps ? [z, x, inverse] : [z], (kernels) =>
        kernels.layerNormForward(3, 16, z.at, 16, scale.at, shift.at, keeps ? x.at : 0, keeps ? inverse.at : 0),
      );
      return read(arena, z);
    });
    expect(outputs[0]).toEqual(outputs[1]);
  });

  test('average takes all of the parameters where it keeps nothing', () => {
    reset(arena);
    const [a, p] = [placeVector(arena, tame(1, 40)), placeVector(arena, tame(2, 40))];
    call(arena, [a], (kernels) => kernels.average(a.at, p.at, 40, 0, 1));
    expect(read(arena, a)).toEqual(tame(2, 40));
    call(arena, [p], (kernels) => kernels.average(p.at, a.at, 40, 0.75, 0.25));
    expect(relativeError(read(arena, p), reference.average(tame(2, 40), tame(2, 40), 0.75, 0.25))).toBeLessThan(
      2 ** -22,
    );
  });

  test('periodicForward: within 2^-19 of the largest, of numbers of size 1; 2^-13 of size 100', () => {
    for (const [scale, bound] of [
      [1, 2 ** -19],
      [100, 2 ** -13],
    ] as const) {
      for (const [rows, numbers] of [
        [1, 1],
        [4, 3],
        [30, 5],
        [256, 8],
      ]) {
        const { x, y, given } = periodic(arena, rows, numbers, rows, scale);
        const wanted = reference.periodicForward(read(arena, x), numbers, given);
        expect(relativeError(read(arena, y), wanted)).toBeLessThanOrEqual(bound);
      }
    }
  });

  test('periodicGradient: within 2^-17 of the largest; what is accumulated is added last, and rows beyond the end do not show', () => {
    for (const [rows, numbers] of [
      [1, 1],
      [4, 3],
      [30, 5],
      [255, 8],
    ]) {
      const run = (accumulate: number, hold: (count: number, i: number) => ArrayLike<number>) => {
        const { x, y, given, placed } = periodic(arena, rows, numbers, rows, 1);
        // Rows that pad the block hold what earlier ones left there.
        for (let r = rows; r < x.rows; r++) arena.floats.fill(Number.NaN, x.at / 4 + r * x.ld, x.at / 4 + r * x.ld + 1);
        const d = place(arena, rows, 3 * numbers, tame(5, rows * 3 * numbers), y.ld);
        const gradients = Object.values(given).map((value, i) => placeVector(arena, hold(value.length, i)));
        const [w1, b1, w2] = placed;
        const [g1, g2, g3, g4] = gradients;
        call(arena, gradients, (kernels) =>
          kernels.periodicGradient(
            rows,
            numbers,
            x.at,
            x.ld,
            d.at,
            d.ld,
            w1.at,
            b1.at,
            w2.at,
            g1.at,
            g2.at,
            g3.at,
            g4.at,
            accumulate,
            arena.workspace,
          ),
        );
        const inputs = read(arena, x).slice(0, rows * numbers);
        return {
          got: gradients.map((region) => read(arena, region)),
          wanted: reference.periodicGradient(inputs, numbers, read(arena, d), given),
        };
      };
      const { got, wanted } = run(0, (count) => new Float32Array(count).fill(Number.NaN));
      Object.values(wanted).forEach((value, i) => expect(relativeError(got[i], value)).toBeLessThanOrEqual(2 ** -17));
      const held = (count: number, i: number) => tame(40 + i, count);
      const sums = got.map((value, i) => value.map((v, j) => Math.fround(v + held(value.length, i)[j])));
      run(1, held).got.forEach((value, i) => expect(firstDifference(value, sums[i])).toBe(-1));
    }
  });
});

test('both kernel sets have the same bits', () => {
  const [first, second] = ARENAS.map(([, arena]) => {
    const { y } = periodic(arena, 128, 8, 3, 1);
    return read(arena, y);
  });
  expect(firstDifference(first!, second!)).toBe(-1);
});
