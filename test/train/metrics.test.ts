import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/nn/losses/loss.js';
import {
  classificationMetrics,
  createConfusionTable,
  mostLikely,
  probabilities,
  regressionMetrics,
  type Scored,
} from '../../src/train/metrics.js';

interface OracleCase {
  name: string;
  task: Task;
  outputs: number;
  /** Predicted values for a regression. */
  logits: number[];
  truth: number[];
  weights: number[] | null;
  metrics: Record<string, number>;
  quantiles?: number[];
  confusion?: number[][];
}

const oracle = JSON.parse(readFileSync(new URL('../oracles/metrics.json', import.meta.url), 'utf8')) as {
  source: string;
  cases: OracleCase[];
};

function score({ task, outputs, logits, truth, weights, quantiles }: Omit<OracleCase, 'name' | 'metrics'>) {
  const scored: Scored = { rows: truth.length, truth, weights: weights ?? undefined };
  return task === 'regression'
    ? regressionMetrics(logits, scored, quantiles)
    : classificationMetrics(logits, outputs, task, scored);
}

describe(`scores agree with ${oracle.source} to 1e-12`, () => {
  it.each(oracle.cases)('$name', ({ metrics, confusion, ...input }) => {
    const scores = score(input) as unknown as Record<string, number>;
    expect(Object.keys(scores).sort()).toEqual(Object.keys(metrics).sort());
    for (const [name, value] of Object.entries(metrics)) {
      expect(Math.abs(scores[name] - value), name).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
    }
    if (confusion === undefined) return;
    const { logits, outputs, truth, weights } = input;
    const table = createConfusionTable(outputs);
    table.add(logits, { rows: truth.length, truth, weights: weights ?? undefined });
    expect(table.table()).toEqual(confusion);
  });
});

describe('regression', () => {
  it('scores by hand: errors 1, -1, 2 on targets 0, 2, 4', () => {
    const { rmse, mae, r2 } = regressionMetrics([1, 1, 6], { rows: 3, truth: [0, 2, 4] });
    expect(rmse).toBe(Math.sqrt(2));
    expect(mae).toBe(4 / 3);
    expect(r2).toBe(1 - 6 / 8);
  });

  it('has no r2 on a constant target, whatever rounding does to its mean', () => {
    for (const value of [0, 0.1, 1e9 + 0.3]) {
      const truth = new Array(7).fill(value);
      expect(regressionMetrics(new Array(7).fill(1), { rows: 7, truth })).toMatchObject({ r2: null });
    }
  });

  it('has no scores at all without weight', () => {
    expect(regressionMetrics([1], { rows: 1, truth: [1], weights: [0] })).toEqual({
      rmse: null,
      mae: null,
      r2: null,
      mape: null,
    });
  });

  it('leaves out a row of weight 0 even where its prediction is not finite', () => {
    const scores = regressionMetrics([1, Number.NaN, 6], { rows: 3, truth: [0, 2, 4], weights: [1, 0, 1] });
    expect(scores.mae).toBe(1.5);
  });

  it('has no mape where a target is 0, unless that row has no weight', () => {
    const scored = { rows: 2, truth: [0, 2] };
    expect(regressionMetrics([1, 1], scored).mape).toBeNull();
    expect(regressionMetrics([1, 1], { ...scored, weights: [0, 1] }).mape).toBe(0.5);
  });

  it('has null for a score that is not finite', () => {
    expect(regressionMetrics([Number.NaN, 1], { rows: 2, truth: [0, 1] })).toEqual({
      rmse: null,
      mae: null,
      r2: null,
      mape: null,
    });
  });
});

describe('classification', () => {
  it('has no auc with one class, and still an accuracy', () => {
    const scores = classificationMetrics([1, -1], 1, 'binary', { rows: 2, truth: [1, 1] });
    expect(scores).toMatchObject({ auc: null, accuracy: 0.5 });
  });

  it('gives ties half an auc', () => {
    expect(classificationMetrics([2, 2, 2], 1, 'binary', { rows: 3, truth: [0, 1, 1] }).auc).toBe(0.5);
  });

  it('has a finite log loss on logits whose probabilities are 0 in floating point', () => {
    expect(classificationMetrics([2000], 1, 'binary', { rows: 1, truth: [0] }).logLoss).toBe(2000);
    expect(classificationMetrics([0, 2000, 0], 3, 'multiclass', { rows: 1, truth: [0] }).logLoss).toBe(2000);
  });

  it('orders saturated rows by logit, not by probability', () => {
    expect(classificationMetrics([50, 60], 1, 'binary', { rows: 2, truth: [0, 1] }).auc).toBe(1);
  });

  it('has a balanced accuracy and an f1 by hand: of three classes, one never occurs but is predicted', () => {
    const logits = [9, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9]; // predicted 0 0 1 2, of 0 0 1 1
    const scores = classificationMetrics(logits, 3, 'multiclass', { rows: 4, truth: [0, 0, 1, 1] });
    expect(scores).toMatchObject({ accuracy: 0.75, balancedAccuracy: 0.75, f1: (1 + 2 / 3 + 0) / 3 });
    expect(scores).not.toHaveProperty('auc');
  });

  it('has an f1 of 0 where the second class is never seen nor predicted, and none without weight', () => {
    expect(classificationMetrics([-1, -1], 1, 'binary', { rows: 2, truth: [0, 0] })).toMatchObject({
      f1: 0,
      averagePrecision: null,
    });
    const weightless = classificationMetrics([-1], 1, 'binary', { rows: 1, truth: [0], weights: [0] });
    expect(weightless).toMatchObject({ f1: null, balancedAccuracy: null, auc: null, averagePrecision: null });
  });

  it('has an average precision that does not depend on the order of rows with the same output', () => {
    const truth = [0, 1, 1, 0, 1];
    const logits = [1, 1, 0, 0, -1];
    const precision = ({ length }: number[], order: number[]) =>
      classificationMetrics(
        order.map((i) => logits[i]),
        1,
        'binary',
        { rows: length, truth: order.map((i) => truth[i]) },
      ).averagePrecision;
    // Thresholds 1, 0, -1: precisions 1/2, 2/4, 3/5, each for a third of the positives.
    expect(precision(truth, [0, 1, 2, 3, 4])).toBeCloseTo((1 / 2 + 2 / 4 + 3 / 5) / 3, 12);
    expect(precision(truth, [1, 0, 3, 2, 4])).toBe(precision(truth, [0, 1, 2, 3, 4]));
  });

  it('has an auc equal to counting every pair (random, ties and weights)', () => {
    const row = fc.record({ z: fc.integer({ min: -3, max: 3 }), y: fc.integer({ min: 0, max: 1 }), w: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
        let wins = 0;
        let pairs = 0;
        for (const positive of rows.filter(({ y }) => y === 1)) {
          for (const negative of rows.filter(({ y }) => y === 0)) {
            const weight = positive.w * negative.w;
            pairs += weight;
            wins += weight * (positive.z > negative.z ? 1 : positive.z === negative.z ? 0.5 : 0);
          }
        }
        const { auc } = classificationMetrics(
          rows.map(({ z }) => z),
          1,
          'binary',
          { rows: rows.length, truth: rows.map(({ y }) => y), weights: rows.map(({ w }) => w) },
        );
        if (pairs === 0) expect(auc).toBeNull();
        else expect(auc).toBeCloseTo(wins / pairs, 12);
      }),
    );
  });

  it('has probabilities that sum to 1, none NaN, the greatest at the most likely class', () => {
    const logits = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(logits, (z) => {
        const out = new Float64Array(z.length);
        probabilities(z, 0, z.length, out);
        expect(out.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        expect(out[mostLikely(z, 0, z.length)]).toBe(Math.max(...out));
      }),
    );
    const pair = new Float64Array(2);
    probabilities([-800], 0, 1, pair);
    expect([...pair]).toEqual([1, 0]);
  });
});
