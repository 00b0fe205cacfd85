/** Losses on logits and their gradients, in both kernel sets, against the float64 reference. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import * as reference from '../../src/kernels/reference-losses.js';
import { LOSSES as REGISTERED } from '../../src/nn/losses/index.js';
import { LOSS_DEFAULTS } from '../../src/nn/losses/loss.js';
import { ARENAS, type Arena, call, place, placeVector, read, reset } from './arena.js';
import { values } from './numbers.js';

interface Loss {
  readonly run: (kernels: Kernels, ...shared: Shared) => number;
  readonly oracle: (batch: reference.Batch) => reference.LossResult;
  readonly classes?: true;
  /** Whether rows are added up for each output apart. */
  readonly byColumn?: true;
}
/** rows, outputs, z, ld, y, weights, d */
type Shared = [number, number, number, number, number, number, number];

/** One quantile for all outputs, each with a target of its own: column by column, from the first on. */
const pinball =
  (quantile: number): Loss['run'] =>
  (k, rows, outputs, z, ld, y, weights, d) =>
    Array.from({ length: outputs }, (_, column) =>
      k.pinballLoss(rows, outputs, column, z, ld, y + 4 * column, outputs, weights, d, quantile),
    ).reduce((sum, part) => sum + part, 0);

const LOSSES: Readonly<Record<string, Loss>> = {
  mse: { run: (k, ...p) => k.squaredErrorLoss(...p, 1), oracle: (batch) => reference.squaredErrorLoss(batch, 1) },
  half_mse: {
    run: (k, ...p) => k.squaredErrorLoss(...p, 0.5),
    oracle: (batch) => reference.squaredErrorLoss(batch, 0.5),
  },
  poisson: { run: (k, ...p) => k.poissonLoss(...p), oracle: reference.poissonLoss },
  quantile: { run: pinball(0.9), oracle: (batch) => reference.pinballLoss(batch, [0.9]), byColumn: true },
  mae: { run: (k, ...p) => k.absoluteErrorLoss(...p), oracle: reference.absoluteErrorLoss },
  huber: { run: (k, ...p) => k.huberLoss(...p, 0.75), oracle: (batch) => reference.huberLoss(batch, 0.75) },
  bce: {
    run: (k, ...p) => k.binaryCrossEntropyLoss(...p, 0),
    oracle: (batch) => reference.binaryCrossEntropyLoss(batch, 0),
  },
  'bce, smoothed': {
    run: (k, ...p) => k.binaryCrossEntropyLoss(...p, 0.2),
    oracle: (batch) => reference.binaryCrossEntropyLoss(batch, 0.2),
  },
  cross_entropy: {
    run: (k, ...p) => k.crossEntropyLoss(...p, 0),
    oracle: (batch) => reference.crossEntropyLoss(batch, 0),
    classes: true,
  },
  'cross_entropy, smoothed': {
    run: (k, ...p) => k.crossEntropyLoss(...p, 0.1),
    oracle: (batch) => reference.crossEntropyLoss(batch, 0.1),
    classes: true,
  },
};

const isBce = (name: string): boolean => name.startsWith('bce');

/** Runs a loss on a padded copy; padding of z and d holds NaN before, and must hold 0 in d after. */
function compute(arena: Arena, loss: Loss, { rows, outputs, z, y, weights }: reference.Batch, slack = 0) {
  reset(arena);
  const ld = outputs === 1 ? 1 : Math.ceil(outputs / 8) * 8 + slack;
  const logits = place(arena, rows, outputs, z, ld);
  const targets = placeVector(arena, y);
  const perRow = weights ? placeVector(arena, weights).at : 0;
  const d = place(arena, rows, ld, new Float32Array(rows * ld).fill(NaN));
  const value = call(arena, [d], (k) => loss.run(k, rows, outputs, logits.at, ld, targets.at, perRow, d.at));
  const padded = read(arena, d);
  const gradient = padded.filter((_, i) => i % ld < outputs);
  expect(padded.filter((x, i) => i % ld >= outputs && !Object.is(x, 0))).toHaveLength(0);
  return { value, gradient };
}

/** A random batch whose targets suit the loss. */
function batch(name: string, rows: number, outputs: number, scale: number, seed: number): reference.Batch {
  const z = values(seed, rows * outputs).map((x) => x * scale);
  const random = values(seed + 1, rows * outputs);
  if (LOSSES[name]!.classes) {
    return {
      rows,
      outputs,
      z,
      y: Array.from({ length: rows }, (_, i) => Math.floor(((random[i]! + 2) / 4) * outputs)),
    };
  }
  return { rows, outputs, z, y: isBce(name) ? random.map((x) => (x + 2) / 4) : random.map((x) => x * scale) };
}

const CASES = ARENAS.flatMap(([set, arena]) =>
  Object.entries(LOSSES).map(([name, loss]) => [set, name, loss, arena] as const),
);

describe.each(CASES)('%s %s', (_, name, loss, arena) => {
  const least = loss.classes ? 2 : 1;
  const drawn = fc.record({
    rows: fc.integer({ min: 0, max: 20 }),
    outputs: fc.oneof(fc.integer({ min: least, max: 9 }), fc.integer({ min: least, max: 40 })),
    scale: name === 'poisson' ? fc.constantFrom(1e-3, 1, 30) : fc.constantFrom(1e-3, 1, 30, 1e4),
    slack: fc.constantFrom(0, 8),
    seed: fc.nat(1e6),
    weighting: fc.constantFrom('none', 'weights', 'some zero'),
  });

  const valueError = loss.classes ? 2 ** -22 : 0; // powers are float32

  test(`value within ${valueError} a row and 1e-12, gradient within 2 ulp of the reference`, () => {
    fc.assert(
      fc.property(drawn, ({ rows, outputs, scale, slack, seed, weighting }) => {
        const unweighted = batch(name, rows, outputs, scale, seed);
        const weights = values(seed + 2, rows).map((x, i) =>
          weighting === 'some zero' && i % 3 === 0 ? 0 : Math.abs(x),
        );
        const drawnBatch = weighting === 'none' ? unweighted : { ...unweighted, weights };
        const actual = compute(arena, loss, drawnBatch, slack);
        const exact = loss.oracle(drawnBatch);
        expect(Math.abs(actual.value - exact.value)).toBeLessThanOrEqual(
          1e-12 * (Math.abs(exact.value) + rows * scale ** 2) + 2 * rows * valueError,
        );
        exact.gradient.forEach((d, i) => {
          const weight = weighting === 'none' ? 1 : weights[Math.floor(i / outputs)]!;
          const cancelled = loss.classes || isBce(name) ? weight * 2 ** -22 : 0; // p - 1 and p - y
          expect(Math.abs(actual.gradient[i]! - d)).toBeLessThanOrEqual(2 ** -22 * Math.abs(d) + cancelled + 2 ** -149);
        });
      }),
      { numRuns: 100 },
    );
  });

  test('rows of weight 0 count for nothing, even when their loss is not finite', () => {
    const [rows, outputs] = [5, 3];
    const plain = batch(name, rows, outputs, 1, 3);
    const z = Float32Array.from(plain.z).map((x, i) => (i < 3 ? Infinity : i < 6 ? NaN : x));
    const y = Float32Array.from(plain.y);
    if (loss.classes) y[0] = NaN;
    const weights = [0, -0, 1, 2, 0];
    const { value, gradient } = compute(arena, loss, { ...plain, z, y, weights });
    const exact = loss.oracle({ ...plain, weights });
    expect(value).toBeCloseTo(exact.value, loss.classes ? 6 : 12);
    expect([...gradient.subarray(0, 6), ...gradient.subarray(12)].every((d) => Object.is(d, 0))).toBe(true);
    expect(gradient.subarray(6, 12).every((d) => d !== 0 && Number.isFinite(d))).toBe(true);
  });

  test.each([NaN, Infinity, -Infinity])('a logit of %f makes the loss NaN or infinite', (bad) => {
    for (const outputs of [2, 4, 9]) {
      for (let column = 0; column < outputs; column++) {
        for (const target of loss.classes ? [0, outputs - 1] : [0, 1]) {
          const z = values(1, outputs);
          z[column] = bad;
          const y = loss.classes ? [target] : new Float32Array(outputs).fill(target);
          const { value, gradient } = compute(arena, loss, { rows: 1, outputs, z, y });
          // for bce alone a confident right answer is no error: softplus(-inf) = 0
          const rightlySure =
            name === 'bce' && ((bad === -Infinity && target === 0) || (bad === Infinity && target === 1));
          if (!rightlySure) expect(Number.isFinite(value)).toBe(false);
          if (Number.isNaN(bad)) expect(gradient[column]).toBeNaN();
        }
      }
    }
  });

  test('the sum runs over rows in row order', () => {
    const outputs = loss.byColumn ? 1 : 3;
    const whole = batch(name, 12, outputs, 1, 11);
    const perRow = loss.classes ? 1 : outputs;
    const single = Array.from({ length: 12 }, (_, row) => {
      const z = Float32Array.from(whole.z).slice(outputs * row, outputs * (row + 1));
      return compute(arena, loss, {
        rows: 1,
        outputs,
        z,
        y: Float32Array.from(whole.y).slice(perRow * row, perRow * (row + 1)),
      });
    });
    const { value, gradient } = compute(arena, loss, whole);
    expect(value).toBe(single.reduce((sum, part) => sum + part.value, 0));
    expect([...gradient]).toEqual(single.flatMap((part) => [...part.gradient]));
  });
});

describe.each(ARENAS)('%s several quantiles of one target', (_, arena) => {
  test('value within 1e-12, gradient within 2 ulp of the reference, in any number of targets', () => {
    const drawn = fc.record({ rows: fc.nat(20), targets: fc.integer({ min: 1, max: 4 }), seed: fc.nat(1e6) });
    fc.assert(
      fc.property(drawn, fc.subarray([0.05, 0.25, 0.5, 0.9], { minLength: 1 }), ({ rows, targets, seed }, quantile) => {
        const outputs = targets * quantile.length;
        const own: reference.Batch = {
          rows,
          outputs,
          z: values(seed, rows * outputs),
          y: values(seed + 1, rows * targets),
          weights: values(seed + 2, rows).map((x, r) => (r % 3 === 0 ? 0 : Math.abs(x))),
        };
        const run: Loss['run'] = (kernels, _rows, _outputs, z, ld, y, weights, d) =>
          REGISTERED.quantile.run(kernels, { rows, outputs, z, ld, y, weights, d }, { ...LOSS_DEFAULTS, quantile });
        const actual = compute(arena, { run, oracle: () => exact }, own);
        const exact = reference.pinballLoss(own, quantile);
        expect(Math.abs(actual.value - exact.value)).toBeLessThanOrEqual(1e-12 * (exact.value + rows));
        exact.gradient.forEach((d, i) => {
          expect(Math.abs(actual.gradient[i]! - d)).toBeLessThanOrEqual(2 ** -22 * Math.abs(d) + 2 ** -149);
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe.each(ARENAS)('%s softmax', (_, arena) => {
  const run = (rows: number, outputs: number, z: ArrayLike<number>, slack = 0) => {
    reset(arena);
    const ld = Math.ceil(outputs / 8) * 8 + slack;
    const region = place(arena, rows, outputs, z, ld);
    call(arena, [{ ...region, columns: ld }], (kernels) => kernels.softmax(rows, outputs, region.at, ld));
    const padding = read(arena, { ...region, columns: ld }).filter((x, i) => i % ld >= outputs && !Object.is(x, 0));
    expect(padding).toHaveLength(0);
    return read(arena, region);
  };

  test('every probability within (4 + |z - max|) 2^-24 of the reference, relatively, and 2 of the smallest denormal', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 2, max: 40 }),
        fc.constantFrom(0, 8),
        fc.constantFrom(1e-3, 1, 30, 1e4),
        fc.nat(1e6),
        (rows, outputs, slack, scale, seed) => {
          const z = values(seed, rows * outputs).map((x) => x * scale);
          const exact = reference.softmax(rows, outputs, z);
          run(rows, outputs, z, slack).forEach((p, i) => {
            const row = Math.floor(i / outputs);
            const range = Math.max(...z.subarray(row * outputs, (row + 1) * outputs)) - z[i]!;
            expect(Math.abs(p - exact[i]!)).toBeLessThanOrEqual((4 + range) * 2 ** -24 * exact[i]! + 2 ** -148);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a row with a logit that is not finite is NaN, its padding and its neighbours are not', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const z = values(5, 15);
      z[7] = bad;
      const p = run(3, 5, z);
      expect([...p].map(Number.isNaN)).toEqual(Array.from(p, (_, i) => i >= 5 && i < 10));
    }
  });

  test('shows the same probabilities as the gradient of cross-entropy', () => {
    const [rows, outputs] = [6, 7];
    const z = values(9, rows * outputs);
    const p = run(rows, outputs, z);
    const { gradient } = compute(arena, LOSSES.cross_entropy!, { rows, outputs, z, y: new Array(rows).fill(2) });
    gradient.forEach((d, i) => {
      if (i % outputs === 2) expect(d).toBeCloseTo(p[i]! - 1, 7);
      else expect(d).toBe(p[i]);
    });
  });

  test.each([-1, 3, 3.5, NaN, Infinity])('cross-entropy of class %f out of 3 is NaN', (label) => {
    const { value, gradient } = compute(arena, LOSSES.cross_entropy!, {
      rows: 1,
      outputs: 3,
      z: [1, 2, 3],
      y: [label],
    });
    expect(value).toBeNaN();
    expect([...gradient].every(Number.isNaN)).toBe(true);
  });
});
