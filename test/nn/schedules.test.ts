import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosineOfPi } from '../../src/kernels/trigonometry.js';
import { SCHEDULES, type ScheduleName } from '../../src/nn/schedules/index.js';
import { type RatePlan, rateAt } from '../../src/nn/schedules/rate.js';

interface Oracle {
  source: string;
  base: number;
  cases: (RatePlan & { rates: number[] })[];
}

const oracle = JSON.parse(readFileSync(new URL('../oracles/schedules.json', import.meta.url), 'utf8')) as Oracle;
const names = Object.keys(SCHEDULES) as ScheduleName[];

describe(`rates agree with ${oracle.source} to 1e-12 of the largest`, () => {
  it.each(oracle.cases)('$schedule, $warmupSteps of $steps steps of warm-up', ({ rates, ...plan }) => {
    expect(rates).toHaveLength(plan.steps);
    rates.forEach((expected, i) => {
      const rate = rateAt(plan, oracle.base, i + 1);
      expect(Math.abs(rate - expected), `step ${i + 1}`).toBeLessThanOrEqual(1e-12 * oracle.base);
    });
  });

  it('has a case for every schedule', () => {
    expect([...new Set(oracle.cases.map(({ schedule }) => schedule))]).toEqual(names);
  });
});

describe.each(names)('%s', (schedule) => {
  it('never leaves 0 … rate, is never NaN, and stays where it ended', () => {
    const plans = fc.record({ steps: fc.integer({ min: 1, max: 60 }), warmupSteps: fc.integer({ min: 0, max: 70 }) });
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 100 }), ({ steps, warmupSteps }, t) => {
        const plan = { schedule, warmupSteps, steps };
        const rate = rateAt(plan, 2, t);
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(2);
        if (t > Math.max(steps, warmupSteps + 1)) expect(rate).toBe(rateAt(plan, 2, t - 1));
      }),
    );
  });

  it('is never 0 while a run lasts, or only between the waves of cosine_log and cosine_log_3', () => {
    for (const steps of [1, 2, 3, 10, 1000]) {
      for (let t = 1; t <= steps; t++) {
        const span = { cosine_log: 15, cosine_log_3: 7 }[schedule as string];
        const isBetween = span !== undefined && Number.isInteger(Math.log2(1 + (span * (t - 1)) / steps));
        const rate = rateAt({ schedule, warmupSteps: 0, steps }, 1, t);
        if (isBetween) expect(rate).toBe(0);
        else expect(rate).toBeGreaterThan(0);
      }
    }
  });
});

describe('cosineOfPi', () => {
  it('is within 2^-52 of the true value, as far as the language knows it', () => {
    const exact = (x: number): number => {
      // Reduced first: Math.cos of the rounded product would be off by the rounding of the product.
      const turn = Math.abs(x - 2 * Math.round(x / 2));
      return turn > 0.5 ? -Math.cos(Math.PI * (1 - turn)) : Math.cos(Math.PI * turn);
    };
    fc.assert(
      fc.property(fc.double({ min: -4, max: 4, noNaN: true }), (x) => {
        expect(Math.abs(cosineOfPi(x) - exact(x))).toBeLessThanOrEqual(2 ** -52);
      }),
      { numRuns: 2000 },
    );
  });

  it('is exact at quarters of a turn', () => {
    expect([0, 0.5, 1, 1.5, 2, 2.5, -1, -0.5, 1e9].map(cosineOfPi).map((x) => x + 0)).toEqual([
      1, 0, -1, 0, 1, 0, -1, 0, 1,
    ]);
  });
});
