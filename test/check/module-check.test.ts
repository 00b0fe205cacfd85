/** Loss modules as users write them, right and wrong: every mistake by its name and number, and nothing said of a right one. */
import { describe, expect, it } from 'vitest';
import { checkModule, drawSample } from '../../src/check/module-check.js';
import { wrap } from '../../src/nn/losses/module.js';

type Exports = Parameters<typeof wrap>[0];

const ROWS = 300;
const each = (p: unknown, f: (value: number, i: number) => number) => Float64Array.from(p as Float64Array, f);
const total = (p: unknown, f: (value: number, i: number) => number) => each(p, f).reduce((sum, v) => sum + v, 0);
const at = (t: unknown, i: number) => (t as Float64Array)[i];

const square = { loss: (p: unknown, y: unknown) => ((p as number) - (y as number)) ** 2 };
const perRow = (gradient: (p: number, y: number) => number): Exports => ({
  ...square,
  gradient: (p, y) => gradient(p as number, y as number),
});
const meanSquare = (p: unknown, y: unknown) => total(p, (v, i) => (v - at(y, i)) ** 2) / (p as Float64Array).length;

function findings(exports: Exports, targets: 'values' | 'binary' | 'class' = 'values', classes = 1) {
  return checkModule(wrap(exports, 'my.mjs'), drawSample(targets, ROWS, classes, 7), 'again').findings;
}
const codes = (...args: Parameters<typeof findings>) => findings(...args).map(({ code }) => code);
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const logistic = (z: number) => 1 / (1 + Math.exp(-z));

describe('nothing is said of a right module', () => {
  const rightRow = perRow((p, y) => 2 * (p - y));
  it.each<[string, Exports, 'values' | 'binary' | 'class', number]>([
    ['the square, per row', rightRow, 'values', 1],
    [
      'the absolute error',
      {
        loss: (p, y) => Math.abs((p as number) - (y as number)),
        gradient: (p, y) => Math.sign((p as number) - (y as number)),
      },
      'values',
      1,
    ],
    [
      'a quantile',
      {
        loss: (p, y) => Math.max(0.9 * ((y as number) - (p as number)), 0.1 * ((p as number) - (y as number))),
        gradient: (p, y) => ((p as number) < (y as number) ? -0.9 : 0.1),
      },
      'values',
      1,
    ],
    [
      'a mean',
      {
        batch: true,
        loss: meanSquare,
        gradient: (p, y) =>
          each(p, (v, i) => (2 * (v - at(y, i))) / ROWS).map((g) => (g * ROWS) / (p as Float64Array).length),
      },
      'values',
      1,
    ],
    [
      'a sum',
      {
        batch: true,
        loss: (p, y) => meanSquare(p, y) * (p as Float64Array).length,
        gradient: (p, y) => each(p, (v, i) => 2 * (v - at(y, i))),
      },
      'values',
      1,
    ],
    [
      'cross-entropy on a logit',
      {
        loss: (z, y) => softplus(z as number) - (z as number) * (y as number),
        gradient: (z, y) => logistic(z as number) - (y as number),
      },
      'binary',
      1,
    ],
    [
      'softmax',
      {
        loss: (z, y) => Math.log(total(z, Math.exp)) - at(z, y as number),
        gradient: (z, y) => each(z, (v, i) => Math.exp(v) / total(z, Math.exp) - (i === y ? 1 : 0)),
      },
      'class',
      3,
    ],
    [
      'a penalty in both',
      { ...rightRow, penalty: (w) => 0.05 * total(w, (v) => v * v), penaltyGradient: (w) => w.map((v) => 0.1 * v) },
      'values',
      1,
    ],
    [
      'an L1 penalty in both',
      {
        ...rightRow,
        penalty: (w) => 0.1 * total(w, Math.abs),
        penaltyGradient: (w) => w.map((v) => 0.1 * Math.sign(v)),
      },
      'values',
      1,
    ],
  ])('%s', (_, exports, targets, classes) => {
    expect(findings(exports, targets, classes)).toEqual([]);
  });
});

describe('a wrong module is told its mistakes', () => {
  it('the asker: turned round, summed, a penalty in the gradient only', () => {
    const said = findings({
      batch: true,
      loss: meanSquare,
      gradient: (p, y) => each(p, (v, i) => 2 * (at(y, i) - v)),
      penaltyGradient: (w) => w.map((v) => 0.001 * v),
    });
    expect(said.map(({ code }) => code)).toEqual(['gradient_sign', 'sum_against_mean', 'penalty_not_in_loss']);
    expect(said[0].evidence).toContain('your gradient is -1.00 x the true one');
    expect(said[0].cause).toContain('did you write y - prediction for prediction - y?');
    expect(said[1].evidence).toContain('N = 300 times too large');
    expect(said[1].cause).toContain('a sum where the loss is a mean');
    expect(said[2].evidence).toContain('the gradient has a penalty of 0.001 that the loss leaves out');
  });

  it.each<[string, Exports, string[], RegExp]>([
    ['a missing 2', perRow((p, y) => p - y), ['gradient_factor'], /0\.5 x .*a factor of 2 is missing/],
    ['a sign', perRow((p, y) => 2 * (y - p)), ['gradient_sign'], /-1\.00 x/],
    ['another loss', perRow((p, y) => Math.sign(p - y)), ['gradient_wrong'], /gradient of the absolute error/],
    [
      'one side only',
      perRow((p, y) => (p > y ? 2 : -2) * (p - y)),
      ['gradient_wrong'],
      /right where the prediction is above the target and wrong elsewhere, -1\.00 x/,
    ],
    ['a constant added', perRow((p, y) => 2 * (p - y) + 0.5), ['gradient_wrong'], /a constant of 0\.5 is added/],
    ['nothing', perRow(() => 0), ['gradient_factor'], /0 x .*it is zero/],
    ['not a number', perRow((p) => Math.sqrt(p)), ['loss_not_finite', 'gradient_wrong'], /the gradient NaN/],
    [
      'rows shifted',
      {
        batch: true,
        loss: meanSquare,
        gradient: (p, y) =>
          each(p, (v, i) => (2 * (v - at(y, i))) / (p as Float64Array).length).map(
            (_, i, all) => all[(i + 1) % all.length],
          ),
      },
      [],
      /neither a sum nor a mean/,
    ],
  ])('%s', (_, exports, expected, words) => {
    if (expected.length === 0) {
      expect(() => findings(exports)).toThrow(words);
      return;
    }
    const said = findings(exports);
    expect(said.map(({ code }) => code)).toEqual(expected);
    expect(`${said[0].evidence} ${said[0].cause}`).toMatch(words);
  });

  it('the derivative by the probability where the logit is asked for', () => {
    const gradient = (z: unknown, y: unknown) => {
      const p = logistic(z as number);
      return (p - (y as number)) / (p * (1 - p));
    };
    const said = findings(
      { loss: (z, y) => softplus(z as number) - (z as number) * (y as number), gradient },
      'binary',
    );
    expect(said[0]).toMatchObject({ code: 'gradient_wrong', cause: expect.stringContaining('the chain rule') });
  });

  it.each<[string, Partial<Exports>, string]>([
    ['only in the loss', { penalty: (w) => 0.5 * total(w, (v) => v * v) }, 'penalty_not_in_gradient'],
    [
      'without the half',
      { penalty: (w) => 0.1 * total(w, (v) => v * v), penaltyGradient: (w) => w.map((v) => 0.1 * v) },
      'penalty_mismatch',
    ],
    [
      'with the wrong sign',
      { penalty: (w) => 0.1 * total(w, (v) => v * v), penaltyGradient: (w) => w.map((v) => -0.2 * v) },
      'penalty_mismatch',
    ],
    [
      'of another shape',
      { penalty: (w) => 0.1 * total(w, Math.abs), penaltyGradient: (w) => w.map((v) => 0.2 * v) },
      'penalty_mismatch',
    ],
  ])('a penalty %s', (_, penalty, code) => {
    expect(codes({ ...perRow((p, y) => 2 * (p - y)), ...penalty })).toEqual([code]);
  });

  it('a loss that is not additive is refused', () => {
    const root = (p: unknown, y: unknown) => Math.sqrt(meanSquare(p, y));
    expect(() => findings({ batch: true, loss: root, gradient: (p) => each(p, () => 1) })).toThrow(
      /neither a sum nor a mean/,
    );
  });

  it.each([
    ['text', 'yes', /loss of my.mjs returned yes; expected a number/],
    ['nothing', undefined, /loss of my.mjs returned undefined/],
  ])('a loss that returns %s is refused', (_, value, words) => {
    expect(() => findings({ loss: () => value, gradient: () => 1 })).toThrow(words);
  });

  it('a function that throws is named', () => {
    const loss = () => {
      throw new TypeError('no such thing');
    };
    expect(() => findings({ loss, gradient: () => 1 })).toThrow(/loss of my.mjs threw: no such thing/);
  });
});
