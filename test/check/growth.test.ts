/** What the growth of a loss tells about the rate: the optimisers' own recurrences on a quadratic are the oracle. */
import { describe, expect, it } from 'vitest';
import { growthOf, timesTooLarge } from '../../src/check/growth.js';
import { stableRate } from '../../src/check/stability.js';

const LAMBDA = 3;
const MOMENTUM = 0.9;
const STEP = {
  sgd: (w: number, v: number, rate: number) => [w - rate * LAMBDA * w, v],
  momentum: (w: number, v: number, rate: number) => {
    const next = MOMENTUM * v + LAMBDA * w;
    return [w - rate * next, next];
  },
  nesterov: (w: number, v: number, rate: number) => {
    const g = LAMBDA * w;
    const next = MOMENTUM * v + g;
    return [w - rate * (g + MOMENTUM * next), next];
  },
};

/** Losses of steps on lambda w^2 / 2, the first ones left out: other modes than the growing one die there. */
function losses(optimizer: keyof typeof STEP, rate: number): number[] {
  let [w, v] = [1, 0];
  const seen: number[] = [];
  for (let i = 0; i < 60; i++) {
    seen.push((LAMBDA * w * w) / 2);
    [w, v] = STEP[optimizer](w, v, rate);
  }
  return seen.slice(30);
}

describe('the growth of a loss says how far beyond the stable rate it is, within 1%', () => {
  const hyper = { momentum: MOMENTUM, beta1: 0.9 };
  it.each(['sgd', 'momentum', 'nesterov'] as const)('%s', (optimizer) => {
    for (const times of [1.05, 1.5, 3, 10]) {
      const growth = growthOf(losses(optimizer, times * stableRate(optimizer, hyper, LAMBDA)));
      expect(growth).toBeGreaterThan(1);
      const told = timesTooLarge(optimizer, hyper, growth!)!;
      expect(Math.abs(told / times - 1)).toBeLessThan(0.01);
    }
  });

  it('of an adaptive optimiser it says nothing', () => expect(timesTooLarge('adam', hyper, 4)).toBeNull());
});

it.each([
  [[5, 4, 3], null],
  [[5, 1, 2], null],
  [[5, 1, 2, 4], 2],
  [[1, 3, 9, 27, 1e30], 3],
  [[], null],
])('%j grows %j times a step', (seen, growth) => {
  if (growth === null) expect(growthOf(seen)).toBeNull();
  else expect(growthOf(seen)).toBeCloseTo(growth, 12);
});
