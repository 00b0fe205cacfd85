/** Gradient checks on right and on spoiled gradients; a right one must never be called wrong. */
import { describe, expect, it } from 'vitest';
import { checkBuiltIn } from '../../src/check/built-in-check.js';
import { createDraws, type Draws } from '../../src/check/draws.js';
import { checkGradient } from '../../src/check/gradient-check.js';
import {
  builtInLoss,
  type CheckLoss,
  type CheckPenalty,
  createObjective,
  l2Penalty,
} from '../../src/check/objective.js';
import { parameterCount } from '../../src/check/tensors.js';
import { chooseKernels } from '../../src/kernels/load.js';
import { ACTIVATIONS, type ActivationName } from '../../src/nn/activations/index.js';
import { LOSSES, type LossName } from '../../src/nn/losses/index.js';
import { LOSS_DEFAULTS } from '../../src/nn/losses/loss.js';
import { denseNetwork } from '../../src/nn/network.js';

const ROWS = 300;

function problem(
  draws: Draws,
  activation: ActivationName,
  loss: CheckLoss,
  penalty: CheckPenalty | null,
  sizes = [3, 8, 6, 1],
) {
  const network = denseNetwork(sizes, activation);
  const parameters = draws.vector(parameterCount(network), -0.8, 0.8);
  const x = draws.vector(ROWS * sizes[0], -2, 2);
  const y = draws.vector(ROWS, -2, 2);
  return { parameters, objective: createObjective({ network, rows: ROWS, x, y, loss, penalty }) };
}

const check = ({ parameters, objective }: ReturnType<typeof problem>, draws: Draws) =>
  checkGradient(objective, parameters, { perTensor: 10, draws, verify: 'again' });
const mse = builtInLoss('mse', 1, 'mean', LOSS_DEFAULTS);

/** The loss with another gradient. */
const spoiled =
  (change: (gradient: Float64Array) => Float64Array): CheckLoss =>
  (z, y, rows) => {
    const { value, gradient } = mse(z, y, rows);
    return { value, gradient: change(gradient) };
  };

describe('a right gradient', () => {
  const cases = (Object.keys(LOSSES) as LossName[]).flatMap((loss) =>
    (Object.keys(ACTIVATIONS) as ActivationName[]).map((activation) => [loss, activation] as const),
  );

  it.each(cases)(
    'of %s with %s is called right, each entry within 1e-3, and the kernels have it within 1e-4',
    (loss, activation) => {
      const options = { rows: 100, seed: 5, kernels: chooseKernels('auto'), verify: 'again' };
      const { findings, check: checked, kernelError } = checkBuiltIn(loss, activation, options);
      expect(findings).toEqual([]);
      expect(checked.verdict).not.toBe('wrong');
      expect(checked.worst).toBeLessThan(1e-3);
      expect(Math.abs(checked.directional.kappa - 1)).toBeLessThan(1e-2);
      expect(kernelError).toBeLessThanOrEqual(1e-4);
    },
  );

  it('of a ReLU network is called wrong in none of 200 draws of 300 rows', () => {
    const verdicts = Array.from({ length: 200 }, (_, seed) => {
      const draws = createDraws(1000 + seed);
      return check(problem(draws, 'relu', mse, null, [2, 10, 1]), draws).verdict;
    });
    expect(verdicts.filter((verdict) => verdict === 'wrong')).toEqual([]);
  });

  it('would be called wrong in some of them if kinks were not left out', () => {
    const crossed = Array.from({ length: 50 }, (_, seed) => {
      const draws = createDraws(1000 + seed);
      const { elements } = check(problem(draws, 'relu', mse, null, [2, 10, 1]), draws);
      return elements.filter(({ verdict, error }) => verdict === 'kink' && error > 1e-4).length;
    });
    expect(crossed.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });
});

describe('a spoiled gradient is named', () => {
  it.each([
    ['turned round', (g: Float64Array) => g.map((v) => -v), ['gradient_sign'], /-1\.00 x the true one/],
    ['summed', (g: Float64Array) => g.map((v) => v * ROWS), ['sum_against_mean'], /N = 300 times too large/],
    ['averaged twice', (g: Float64Array) => g.map((v) => v / ROWS), ['sum_against_mean'], /N = 300 times too small/],
    ['doubled', (g: Float64Array) => g.map((v) => 2 * v), ['gradient_factor'], /2 x the true one/],
    [
      'turned, summed, halved',
      (g: Float64Array) => g.map((v) => -0.5 * v * ROWS),
      ['gradient_sign', 'sum_against_mean', 'gradient_factor'],
      /-0\.50 x/,
    ],
    ['clipped', (g: Float64Array) => g.map((v) => Math.min(v, 1e-3)), ['gradient_wrong'], /entries are wrong/],
  ])('%s', (_, change, codes, words) => {
    const draws = createDraws(9);
    const { findings } = check(problem(draws, 'tanh', spoiled(change), null), draws);
    expect(findings.map(({ code }) => code)).toEqual(codes);
    expect(findings[0].evidence).toMatch(words);
  });

  it.each([
    ['only in the gradient', 0, 0.001, 'penalty_not_in_loss', /penalty of 0\.001 that the loss leaves out/],
    ['only in the loss', 0.002, 0, 'penalty_not_in_gradient', /penalty of 0\.002 that the gradient leaves out/],
    ['twice as strong in the gradient', 0.001, 0.002, 'penalty_mismatch', /0\.002.*0\.001/],
  ])('a penalty %s', (_, inLoss, inGradient, code, words) => {
    const draws = createDraws(3);
    const none = { value: () => 0, gradient: (w: Float64Array) => w.map(() => 0) };
    const penalty = {
      value: (l2Penalty(inLoss) ?? none).value,
      gradient: (l2Penalty(inGradient) ?? none).gradient,
    };
    const { findings } = check(problem(draws, 'relu', mse, penalty), draws);
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(findings.find((finding) => finding.code === code)?.evidence).toMatch(words);
  });
});
