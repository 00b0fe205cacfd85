import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../src/train/metrics.js';
import { fitTemperature } from '../../src/train/temperature.js';

interface Case {
  readonly name: string;
  readonly outputs: number;
  readonly logits: number[];
  readonly truth: number[];
  readonly weights: number[] | null;
  readonly temperature: number;
  readonly logLoss: number;
}
const oracle = JSON.parse(readFileSync(new URL('../oracles/temperature.json', import.meta.url), 'utf8'));

function logLoss(logits: readonly number[], outputs: number, truth: readonly number[], temperature: number): number {
  const scaled = logits.map((z) => z / temperature);
  return classificationMetrics(scaled, outputs, 'multiclass', { rows: truth.length, truth }).logLoss!;
}

describe('fitTemperature', () => {
  it.each(oracle.cases as Case[])('is what SciPy finds, to 1e-6: $name', (wanted) => {
    const { outputs, logits, truth, weights, temperature } = wanted;
    const scored = { rows: truth.length, truth, weights: weights ?? undefined };
    const found = fitTemperature(logits, outputs, scored);
    expect(Math.abs(found / temperature - 1)).toBeLessThan(1e-6);
    const scaled = logits.map((z) => z / found);
    const metrics = classificationMetrics(scaled, outputs, 'multiclass', scored);
    expect(metrics.logLoss).toBeCloseTo(wanted.logLoss, 10);
  });

  it('leaves no better one within its bounds, whatever the logits', () => {
    const row = fc.tuple(
      fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 3, maxLength: 3 }),
      fc.nat(2),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const logits = rows.flatMap(([z]) => z);
        const truth = rows.map(([, y]) => y);
        const found = fitTemperature(logits, 3, { rows: rows.length, truth });
        expect(found).toBeGreaterThanOrEqual(1 / 20);
        expect(found).toBeLessThanOrEqual(20);
        const least = logLoss(logits, 3, truth, found);
        for (const other of [0.05, 0.3, 1, 3, 20, found * 1.01, found / 1.01]) {
          if (other >= 0.05 && other <= 20) expect(least).toBeLessThanOrEqual(logLoss(logits, 3, truth, other) + 1e-9);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is 1 where it makes no difference', () => {
    expect(fitTemperature([2, 2, 2, 2], 2, { rows: 2, truth: [0, 1] })).toBe(1);
    expect(fitTemperature([5, -5], 1, { rows: 2, truth: [0, 1], weights: [0, 0] })).toBe(1);
  });
});
