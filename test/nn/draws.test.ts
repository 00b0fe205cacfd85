/** Normal numbers and simplex weights by their moments, and the logarithm that they are made of. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryLogarithm, naturalLogarithm } from '../../src/kernels/logarithm.js';
import { fillNormal, simplexWeights } from '../../src/nn/draws.js';
import { PURPOSE } from '../../src/random/philox.js';

describe('fillNormal', () => {
  const values = new Float32Array(200_000);
  fillNormal(values, 3, PURPOSE.initialEmbeddings, 1);
  const moment = (power: number): number => values.reduce((sum, v) => sum + v ** power, 0) / values.length;

  it('has mean 0, variance 1, no skew and the tails of a normal distribution, and no dependence of neighbours', () => {
    expect(Math.abs(moment(1))).toBeLessThan(0.01);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.015);
    expect(Math.abs(moment(3))).toBeLessThan(0.03);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.1);
    const beyondTwo = values.filter((v) => Math.abs(v) > 2).length / values.length;
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.003);
    for (const lag of [1, 2, 3, 4]) {
      const product = values.reduce((sum, v, i) => sum + (i < lag ? 0 : v * values[i - lag]), 0) / values.length;
      expect(Math.abs(product)).toBeLessThan(0.01);
    }
  });

  it('is a function of the place: fewer numbers are the first of more', () => {
    const few = new Float32Array(11);
    fillNormal(few, 3, PURPOSE.initialEmbeddings, 1);
    expect(few).toEqual(values.slice(0, 11));
    fillNormal(few, 3, PURPOSE.initialEmbeddings, 2);
    expect(few).not.toEqual(values.slice(0, 11));
  });
});

describe('simplexWeights', () => {
  const word = fc.integer({ min: 0, max: 0xffff_ffff });
  it('are above or at 0 and add up to 1, whatever the words', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        const shares = simplexWeights(words);
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      }),
    );
    expect(simplexWeights([0xffff_ffff, 0xffff_ffff])).toEqual([0.5, 0.5]);
  });
});

describe('the logarithm', () => {
  it('is within 3 ulp, or 2^-52 near 1, as far as the language knows it', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -33, max: 64, noNaN: true }), (x) => {
        const exact = Math.log(x);
        const bound = Math.max(3 * Number.EPSILON * Math.abs(exact), 2 ** -52);
        expect(Math.abs(naturalLogarithm(x) - exact)).toBeLessThanOrEqual(bound);
        expect(Math.abs(binaryLogarithm(x) - Math.log2(x))).toBeLessThanOrEqual(2 * bound);
      }),
      { numRuns: 3000 },
    );
  });

  it('to base 2 is exact at powers of 2', () => {
    for (let n = -30; n < 30; n++) expect(binaryLogarithm(2 ** n)).toBe(n);
    expect(naturalLogarithm(1)).toBe(0);
  });
});
