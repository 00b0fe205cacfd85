/** The range test: its suggestions on curves whose answer is known, and the state that it must leave as it was. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openTable } from '../../src/data/open.js';
import { rangeChart } from '../../src/doctor/range-chart.js';
import { sketch } from '../../src/doctor/range-sketch.js';
import { RANGE, type RangePoint, rangeTest, suggest } from '../../src/doctor/range-test.js';
import { openSubject } from '../../src/doctor/subject.js';
import { resolveConfig } from '../../src/train/config.js';

const data = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));

/** A loss that falls as a logistic curve on the logarithmic axis, steepest at `middle`, and is least at `bottom`. */
function curve(middle: number, bottom: number): RangePoint[] {
  return Array.from({ length: 161 }, (_, i) => {
    const rate = 1e-7 * 10 ** (i / 20);
    const fall = 1 / (1 + Math.exp(-3 * Math.log(rate / middle)));
    const rise = Math.max(0, Math.log(rate / bottom)) ** 2;
    const probe = 1 - 0.9 * fall + rise;
    return { rate, loss: probe, probe };
  });
}

describe('suggestions', () => {
  it('are the steepest point, a third of the minimum and the curvature, and the smallest of them', () => {
    const { suggestions, suggested } = suggest(curve(1e-3, 0.1), 5e-3);
    expect(suggestions.steepest! / 1e-3).toBeCloseTo(1, 0);
    expect(suggestions.belowMinimum! / (0.1 / 3)).toBeCloseTo(1, 0);
    expect(suggestions.curvature).toBe(5e-3);
    expect(suggested).toBe(suggestions.steepest);
    expect(suggest(curve(1e-3, 0.1), 1e-5).suggested).toBe(1e-5);
  });

  it('are none where the loss falls at no rate', () => {
    const flat = curve(1e-3, 0.1).map((point) => ({ ...point, probe: 1 + point.rate }));
    expect(suggest(flat, 1e-3).suggested).toBeNull();
  });
});

it('the chart shows each suggestion that lies in it, and marks the one to take', () => {
  const points = curve(1e-3, 0.1);
  const { marks, series, x, y } = rangeChart({ points, ...suggest(points, 1e3) });
  expect(marks.map(({ isMain }) => isMain)).toEqual([true, false]);
  expect(series[0].points).toHaveLength(points.length);
  expect(x).toMatchObject({ name: 'learning rate', logBase: 10, range: [1e-7, 10] });
  expect(y.range[0]).toBeLessThanOrEqual(Math.min(...points.map(({ probe }) => probe)));
});

describe('a test on a real table', () => {
  it.each(['adam', 'momentum', 'sgd'] as const)('leaves the bits as they were (%s)', async (optimizer) => {
    const table = await openTable(data);
    try {
      const subject = await openSubject(
        resolveConfig({ data, target: 'price', hidden: [8], batchSize: 100, optimizer }),
        table,
      );
      const run = (tested: boolean) => {
        const trial = subject.createTrial();
        for (let i = 0; i < 5; i++) trial.advance(1e-3);
        if (tested) {
          const test = rangeTest(trial, { ...RANGE, curvature: null });
          expect(test.suggested).toBeGreaterThan(0);
          expect(sketch(test).split('\n').length).toBe(14);
        }
        const losses = Array.from({ length: 50 }, () => trial.advance(1e-3));
        return { losses, state: trial.save() };
      };
      expect(run(true)).toEqual(run(false));
    } finally {
      await table.close();
    }
  });

  it('looks at the same rows at every rate: small batches do not shake the curve', async () => {
    const table = await openTable(data);
    try {
      const subject = await openSubject(
        resolveConfig({ data, target: 'price', hidden: [8], batchSize: 16, optimizer: 'adam' }),
        table,
      );
      const { points, suggested } = rangeTest(subject.createTrial(), { ...RANGE, curvature: null });
      const spread = (values: number[]) => Math.max(...values) / Math.min(...values);
      const tiny = points.filter(({ rate }) => rate < 1e-6);
      expect(spread(tiny.map(({ loss }) => loss))).toBeGreaterThan(2);
      expect(spread(tiny.map(({ probe }) => probe))).toBeLessThan(1.001);
      expect(suggested).toBeGreaterThan(1e-5);
    } finally {
      await table.close();
    }
  });
});
