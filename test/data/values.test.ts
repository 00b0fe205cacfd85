/** Which numbers are codes, against the definition written out row by row, and on tables where it is known. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOf, tellingValues } from '../../src/data/values.js';

/** Mean and spread of how much better a value foretells its rows than its bin does; each row by the mean of the others. */
function byDefinition(
  values: readonly number[],
  targets: readonly number[],
  places: readonly number[],
  classes: number,
) {
  const binOf = (value: number) => places.filter((place) => place <= value).length;
  const vectors = targets.map((y) =>
    classes === 0 ? [y] : Array.from({ length: classes }, (_, c) => Number(c === y)),
  );
  const error = (row: number, group: readonly number[]): number => {
    const others = group.filter((other) => other !== row);
    return vectors[row].reduce((sum, y, k) => {
      const mean = others.reduce((all, other) => all + vectors[other][k], 0) / others.length;
      return sum + (y - mean) ** 2;
    }, 0);
  };
  const rows = values.map((_, row) => row);
  const errors = rows.map((row) => {
    const bin = error(
      row,
      rows.filter((other) => binOf(values[other]) === binOf(values[row])),
    );
    const same = rows.filter((other) => values[other] === values[row]);
    return { bin, better: same.length < 8 ? 0 : bin - error(row, same) };
  });
  const mean = errors.reduce((sum, { better }) => sum + better, 0) / rows.length;
  const variance = errors.reduce((sum, { better }) => sum + (better - mean) ** 2, 0) / rows.length;
  const all = errors.reduce((sum, { bin }) => sum + bin, 0);
  return { sigmas: mean / Math.sqrt(variance / rows.length), share: (mean * rows.length) / all };
}

function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const sorted = (rows: readonly (readonly [number, number])[]) => {
  const ordered = [...rows].sort(([a], [b]) => a - b);
  return { values: Float32Array.from(ordered, ([v]) => v), targets: Float32Array.from(ordered, ([, y]) => y) };
};

describe('tellingValues', () => {
  it('are those that tell 5 standard errors and a thousandth more than bins do, of numbers and of classes', () => {
    let found = 0;
    const drawn = fc.record({
      seed: fc.nat(1e6),
      rows: fc.integer({ min: 60, max: 160 }),
      codes: fc.integer({ min: 2, max: 9 }),
      strength: fc.constantFrom(0, 0.5, 1.5, 4),
      classes: fc.constantFrom(0, 2, 3),
      places: fc.subarray([1.5, 3.5, 6.5]),
    });
    fc.assert(
      fc.property(drawn, ({ seed, rows, codes, strength, classes, places }) => {
        const next = draws(seed);
        const effects = Array.from({ length: codes }, () => next());
        const number = sorted(
          Array.from({ length: rows }, () => {
            const code = Math.floor(next() * codes);
            const y = strength * effects[code] + next();
            return [
              code,
              classes === 0 ? y : Math.min(classes - 1, Math.floor((y / (strength + 1)) * classes)),
            ] as const;
          }),
        );
        const { sigmas, share } = byDefinition([...number.values], [...number.targets], places, classes);
        // At a bound, rounding decides.
        fc.pre(Math.abs(sigmas - 5) > 1e-6 && Math.abs(share - 1e-3) > 1e-9);
        const telling = tellingValues(number, places, classes);
        const many = [...new Set(number.values)].filter((v) => number.values.filter((w) => w === v).length >= 8);
        expect(telling).toEqual(sigmas > 5 && share > 1e-3 && many.length > 1 ? many : null);
        if (telling !== null) found++;
      }),
      { numRuns: 150 },
    );
    expect(found).toBeGreaterThan(20);
  });

  it('are none of 200 numbers that say nothing, nor of one that bins tell all of', () => {
    for (let seed = 0; seed < 200; seed++) {
      const next = draws(seed);
      const number = sorted(Array.from({ length: 400 }, () => [Math.floor(next() * 20), next()] as const));
      expect(tellingValues(number, [4.5, 9.5, 14.5], 0)).toBeNull();
    }
    const steps = sorted(Array.from({ length: 400 }, (_, r) => [r % 4, ((r % 4) * 7) % 5] as const));
    expect(tellingValues(steps, [0.5, 1.5, 2.5], 0)).toBeNull();
    expect(tellingValues(steps, [1.5], 0)).toEqual([0, 1, 2, 3]);
  });

  it('are none where they are more than 1000', () => {
    const rows = (codes: number) =>
      sorted(Array.from({ length: 8 * codes }, (_, r) => [r % codes, ((r % codes) * 7919) % 11] as const));
    expect(tellingValues(rows(1000), [], 0)).toHaveLength(1000);
    expect(tellingValues(rows(1001), [], 0)).toBeNull();
  });
});

describe('placeOf', () => {
  it('finds every value, and nothing else', () => {
    const unique = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(unique, fc.integer({ min: -60, max: 60 }), (given, z) => {
        const values = Float32Array.from(given).sort();
        expect(placeOf(values, z)).toBe(values.indexOf(z));
      }),
    );
    expect(placeOf(Float32Array.of(1, 2), Number.NaN)).toBe(-1);
  });
});
