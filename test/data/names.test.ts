import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestNames } from '../../src/data/names.js';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['price', 'prize', 1],
    ['price', 'pirce', 1],
    ['kitten', 'sitting', 3],
    ['ab', 'ba', 1],
  ])('%j to %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });

  it('is 0 only of equal strings, and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        const distance = editDistance(a, b);
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('nearestNames', () => {
  const names = ['price', 'Prices', 'width', 'median_house_value', 'x'];
  it.each([
    ['prize', ['price']],
    ['PRICE', ['price']],
    ['pricez', ['price', 'Prices']],
    ['median_house_vale', ['median_house_value']],
    ['y', []],
    ['nothing_like_it', []],
  ])('of %j are %j', (name, near) => {
    expect(nearestNames(name, names)).toEqual(near);
  });
});
