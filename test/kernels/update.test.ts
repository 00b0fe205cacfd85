/** Joining gradients and updating parameters, in both kernel sets, against the float64 reference. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as reference from '../../src/kernels/reference-updates.js';
import { ARENAS, call, placeVector, read, reset } from './arena.js';
import { firstDifference, type Mixture, values } from './numbers.js';

const drawn = fc.record({
  count: fc.integer({ min: 0, max: 30 }).map((x) => 4 * x),
  seed: fc.nat(1e6),
  divisor: fc.constantFrom(1, 3, 100.5, 256),
  l2: fc.constantFrom(0, 0.01),
  clip: fc.constantFrom(1, 0.37),
});

/** float32 constants: the kernels get them rounded, so the reference must. */
const round = Math.fround;

/** Of the exact value where that is above 1, else absolute. */
function expectClose(actual: Float32Array, exact: Float64Array, tolerance: number): void {
  actual.forEach((x, i) => {
    expect(Math.abs(x - exact[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(exact[i]!)));
  });
}

describe.each(ARENAS)('%s', (_, arena) => {
  test('add rounds each sum once', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(1e6), fc.constantFrom<Mixture>('wild', 'special'), (quads, seed, mixture) => {
        const [x, y] = [values(seed, 4 * quads, mixture), values(seed + 1, 4 * quads, mixture)];
        reset(arena);
        const [to, from] = [placeVector(arena, x), placeVector(arena, y)];
        call(arena, [to], (kernels) => kernels.add(to.at, from.at, x.length));
        expect(firstDifference(read(arena, to), Float32Array.from(reference.add(x, y)))).toBe(-1);
      }),
    );
  });

  test('finalizeGradient is what an update does itself, bit by bit', () => {
    fc.assert(
      fc.property(drawn, ({ count, seed, divisor, l2 }) => {
        const [p, g] = [values(seed, count), values(seed + 1, count)];
        reset(arena);
        const [pp, pg, qp, qg] = [p, g, p, g].map((x) => placeVector(arena, x)) as [never, never, never, never];
        const at = (region: { at: number }) => region.at;
        call(arena, [pg, pp, qp], (kernels) => {
          kernels.finalizeGradient(at(pg), at(pp), count, divisor, l2);
          expectClose(read(arena, pg), reference.finalizeGradient(g, p, divisor, round(l2)), 2 ** -21);
          kernels.updateSgd(at(pp), at(pg), count, 1, 0, 1, 0.25, 0);
          kernels.updateSgd(at(qp), at(qg), count, divisor, l2, 1, 0.25, 0);
        });
        expect(firstDifference(read(arena, pp), read(arena, qp))).toBe(-1);
      }),
    );
  });

  test.each([1, 3, 100.5, 256, 2 ** -3, 2 ** 127, 2 ** -126, 2 ** -140, 0, Infinity])(
    'finalizeGradient rounds a division by %d once, also where it multiplies with the inverse',
    (divisor) => {
      const g = values(11, 400, 'special');
      reset(arena);
      const [at, p] = [placeVector(arena, g), placeVector(arena, g)];
      call(arena, [at], (kernels) => kernels.finalizeGradient(at.at, p.at, g.length, divisor, 0));
      expect(
        firstDifference(
          read(arena, at),
          g.map((x) => x / divisor),
        ),
      ).toBe(-1);
    },
  );

  test('sumSquares: four partial sums in float64, joined in pairs', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(1e6), (quads, seed) => {
        const x = values(seed, 4 * quads, 'wild');
        reset(arena);
        const region = placeVector(arena, x);
        const partial = [0, 0, 0, 0];
        x.forEach((v, i) => {
          partial[i % 4]! += v * v;
        });
        const [s0, s1, s2, s3] = partial as [number, number, number, number];
        const sum = call(arena, [], (kernels) => kernels.sumSquares(region.at, x.length));
        expect(sum).toBe(s0 + s1 + (s2 + s3));
        expect(Math.abs(sum - reference.sumSquares(x))).toBeLessThanOrEqual(1e-12 * sum);
      }),
    );
    const overflowing = [3e38, 3e38, 3e38, 3e38];
    reset(arena);
    const region = placeVector(arena, overflowing);
    expect(arena.kernels.sumSquares(region.at, 4)).toBeCloseTo(3.6e77, -72);
  });

  test('updateSgd within 2^-21 of the reference', () => {
    fc.assert(
      fc.property(drawn, fc.constantFrom(0, 0.1), ({ count, seed, divisor, l2, clip }, weightDecay) => {
        const [p, g] = [values(seed, count), values(seed + 1, count)];
        reset(arena);
        const [pp, pg] = [placeVector(arena, p), placeVector(arena, g)];
        call(arena, [pp], (k) => k.updateSgd(pp.at, pg.at, count, divisor, l2, clip, 0.3, weightDecay));
        expectClose(read(arena, pp), reference.updateSgd({ p, g, divisor, l2, clip }, 0.3, weightDecay), 2 ** -21);
      }),
    );
  });

  test('updateMomentum within 2^-20 of the reference', () => {
    fc.assert(
      fc.property(drawn, fc.constantFrom(0, 0.1), fc.boolean(), ({ count, seed, ...rest }, weightDecay, nesterov) => {
        const { divisor, l2, clip } = rest;
        const [p, g, v] = [values(seed, count), values(seed + 1, count), values(seed + 2, count)];
        reset(arena);
        const [pp, pg, pv] = [placeVector(arena, p), placeVector(arena, g), placeVector(arena, v)];
        call(arena, [pp, pv], (k) =>
          k.updateMomentum(pp.at, pg.at, pv.at, count, divisor, l2, clip, 0.3, weightDecay, 0.9, nesterov ? 1 : 0),
        );
        const exact = reference.updateMomentum({ p, g, ...rest }, v, 0.3, weightDecay, 0.9, nesterov);
        expectClose(read(arena, pp), exact.p, 2 ** -20);
        expectClose(read(arena, pv), exact.v, 2 ** -20);
      }),
    );
  });

  test('updateAdam within 2^-20 of the reference; 1 - beta is not rounded twice', () => {
    const scale = { decay: 0.999, beta1: 0.9, beta2: 0.999, stepSize: 0.01, inverseRoot: 3.2, epsilon: 1e-8 };
    fc.assert(
      fc.property(drawn, ({ count, seed, ...rest }) => {
        const { divisor, l2, clip } = rest;
        const [p, g, m] = [values(seed, count), values(seed + 1, count), values(seed + 2, count)];
        const v = values(seed + 3, count).map((x) => x * x + 0.01);
        reset(arena);
        const [pp, pg, pm, pv] = [
          placeVector(arena, p),
          placeVector(arena, g),
          placeVector(arena, m),
          placeVector(arena, v),
        ];
        call(arena, [pp, pm, pv], (k) =>
          k.updateAdam(
            pp.at,
            pg.at,
            pm.at,
            pv.at,
            count,
            divisor,
            l2,
            clip,
            scale.decay,
            scale.beta1,
            scale.beta2,
            scale.stepSize,
            scale.inverseRoot,
            scale.epsilon,
          ),
        );
        const exact = reference.updateAdam({ p, g, ...rest }, m, v, scale);
        expectClose(read(arena, pp), exact.p, 2 ** -20);
        expectClose(read(arena, pm), exact.m, 2 ** -20);
        expectClose(read(arena, pv), exact.v, 2 ** -20);
      }),
    );
    // from nothing, v is (1 - beta2) g^2 with a relative error of a few 2^-24, not of 4.7e-5
    reset(arena);
    const [p, g, m, v] = [
      [1, 1, 1, 1],
      [1, 2, 3, 4],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ].map((x) => placeVector(arena, x).at);
    arena.kernels.updateAdam(p!, g!, m!, v!, 4, 1, 0, 1, 1, 0.9, 0.999, 0.01, 1, 1e-8);
    expect(arena.floats[v! / 4]! / 0.001).toBeCloseTo(1, 6);
  });

  test.each([
    ['rmsprop', 0.99, 0.01, 1e-8],
    ['adagrad', 1, 1, 1e-10],
  ])('updateScaled (%s) within 2^-20 of the reference', (_name, keep, take, epsilon) => {
    const scale = { decay: 0.999, keep, take, rate: 0.01, epsilon };
    fc.assert(
      fc.property(drawn, ({ count, seed, ...rest }) => {
        const { divisor, l2, clip } = rest;
        const [p, g] = [values(seed, count), values(seed + 1, count)];
        const v = values(seed + 3, count).map(Math.abs);
        reset(arena);
        const [pp, pg, pv] = [placeVector(arena, p), placeVector(arena, g), placeVector(arena, v)];
        const { decay, rate } = scale;
        call(arena, [pp, pv], (k) =>
          k.updateScaled(pp.at, pg.at, pv.at, count, divisor, l2, clip, decay, keep, take, rate, epsilon),
        );
        const exact = reference.updateScaled({ p, g, ...rest }, v, scale);
        expectClose(read(arena, pp), exact.p, 2 ** -20);
        expectClose(read(arena, pv), exact.v, 2 ** -20);
      }),
    );
    // A parameter that never had a gradient stays where it is.
    reset(arena);
    const [p, zero] = [placeVector(arena, [1, 2, 3, 4]), placeVector(arena, [0, 0, 0, 0])];
    arena.kernels.updateScaled(p.at, zero.at, zero.at, 4, 1, 0, 1, 1, keep, take, 0.01, epsilon);
    expect([...read(arena, p)]).toEqual([1, 2, 3, 4]);
  });

  test('terms that are switched off are left out: an infinite parameter makes no NaN', () => {
    reset(arena);
    const [p, g, v] = [
      [Infinity, 1, 1, 1],
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ].map((x) => placeVector(arena, x).at);
    arena.kernels.updateSgd(p!, g!, 4, 1, 0, 1, 0.1, 0);
    expect(arena.floats[p! / 4]).toBe(Infinity);
    arena.kernels.updateMomentum(p!, g!, v!, 4, 1, 0, 1, 0.1, 0, 0.9, 0);
    expect(arena.floats[p! / 4]).toBe(Infinity);
  });

  test('not a number and infinity in a gradient reach the parameter', () => {
    reset(arena);
    const [p, g] = [
      [1, 1, 1, 1],
      [NaN, Infinity, -Infinity, 1],
    ].map((x) => placeVector(arena, x).at);
    arena.kernels.updateSgd(p!, g!, 4, 2, 0, 1, 0.5, 0);
    expect([...arena.floats.subarray(p! / 4, p! / 4 + 4)]).toEqual([NaN, -Infinity, Infinity, 0.75]);
  });
});
