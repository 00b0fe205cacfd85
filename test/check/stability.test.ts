/** lambda against a dense Hessian, and the stated rates against what optimisers do on a quadratic. */
import { describe, expect, it } from 'vitest';
import { createDraws } from '../../src/check/draws.js';
import { builtInLoss, createObjective } from '../../src/check/objective.js';
import { growthPerStep, hessianVector, stableRate, topEigenvalue } from '../../src/check/stability.js';
import { parameterCount } from '../../src/check/tensors.js';
import { updateAdam, updateMomentum, updateSgd } from '../../src/kernels/reference-updates.js';
import type { ActivationName } from '../../src/nn/activations/index.js';
import { LOSS_DEFAULTS } from '../../src/nn/losses/loss.js';
import { denseNetwork } from '../../src/nn/network.js';

/** The largest eigenvalue of a dense symmetric matrix by Jacobi rotations. */
function jacobiTop(rows: Float64Array[]): number {
  const n = rows.length;
  const a = rows.map((row) => [...row]);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p][q]) < 1e-14) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
        for (let k = 0; k < n; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
      }
    }
  }
  return Math.max(...a.map((row, i) => row[i]));
}

describe('lambda', () => {
  it.each<[ActivationName, readonly number[]]>([
    ['tanh', [3, 5, 1]],
    ['sigmoid', [4, 6, 4, 1]],
    ['identity', [2, 4, 1]],
    ['tanh', [6, 8, 3, 1]],
  ])("of a network (%s, %j) is the dense Hessian's top eigenvalue within 1%%", (activation, sizes) => {
    const draws = createDraws(11);
    const rows = 60;
    const network = denseNetwork(sizes, activation);
    const parameters = draws.vector(parameterCount(network), -1, 1);
    const x = draws.vector(rows * sizes[0], -2, 2);
    const y = draws.vector(rows, -2, 2);
    const loss = builtInLoss('mse', 1, 'mean', LOSS_DEFAULTS);
    const { gradient } = createObjective({ network, rows, x, y, loss, penalty: null });
    const unit = (i: number) => Float64Array.from(parameters, (_, j) => (i === j ? 1 : 0));
    const hessian = Array.from(parameters, (_, i) => hessianVector(gradient, parameters, unit(i)));
    const symmetric = hessian.map((row, i) => row.map((v, j) => (v + hessian[j][i]) / 2));
    const wanted = jacobiTop(symmetric);
    expect(Math.abs(topEigenvalue(gradient, parameters).lambda / wanted - 1)).toBeLessThan(0.01);
  });

  it('is the largest, not the one of largest magnitude, and preconditioned where asked', () => {
    const diagonal = Float64Array.from([3, -8, 2, 0.5, 1]);
    const gradient = (p: Float64Array) => p.map((v, i) => diagonal[i] * v);
    const at = new Float64Array(5).fill(0.3);
    expect(topEigenvalue(gradient, at).lambda).toBeCloseTo(3, 5);
    expect(topEigenvalue(gradient, at, Float64Array.from([10, 1, 4, 0.1, 1])).lambda).toBeCloseTo(5, 5);
  });
});

describe('on a quadratic, divergence starts within 1% of the stated rate', () => {
  const CURVATURE = Float64Array.from([4, 1, 0.3]);
  const PRECONDITIONER = Float64Array.from([2, 0.5, 1]);
  const STEPS = 4000;
  const gradient = (p: Float64Array) => p.map((v, i) => CURVATURE[i] * v);

  /** Whether the optimiser runs away from (1, 1, 1). */
  function diverges(optimizer: 'sgd' | 'momentum' | 'nesterov' | 'adam', rate: number): boolean {
    let p: Float64Array = new Float64Array(3).fill(1);
    let velocity: Float64Array = new Float64Array(3);
    const square = PRECONDITIONER.map((d) => d * d);
    for (let t = 0; t < STEPS; t++) {
      const update = { p, g: gradient(p), divisor: 1, l2: 0, clip: 1 };
      if (optimizer === 'sgd') p = updateSgd(update, rate, 0);
      else if (optimizer === 'adam') {
        // beta2 = 1 freezes the second moment.
        const scale = { decay: 1, beta1: 0.9, beta2: 1, stepSize: rate, inverseRoot: 1, epsilon: 0 };
        ({ p, m: velocity } = updateAdam(update, velocity, square, scale));
      } else {
        ({ p, v: velocity } = updateMomentum(update, velocity, rate, 0, 0.9, optimizer === 'nesterov'));
      }
      if (Math.max(...p.map(Math.abs)) > 1e6) return true;
    }
    return false;
  }

  it.each(['sgd', 'momentum', 'nesterov', 'adam'] as const)('%s', (optimizer) => {
    const { lambda } = topEigenvalue(
      gradient,
      new Float64Array(3).fill(1),
      optimizer === 'adam' ? PRECONDITIONER : undefined,
    );
    const rate = stableRate(optimizer, { momentum: 0.9, beta1: 0.9 }, lambda);
    expect(diverges(optimizer, rate * 0.99)).toBe(false);
    expect(diverges(optimizer, rate * 1.01)).toBe(true);
  });

  it('gradient descent grows as predicted, within 1%', () => {
    const rate = 0.6;
    const loss = (p: Float64Array) => p.reduce((sum, v, i) => sum + (CURVATURE[i] * v * v) / 2, 0);
    let p: Float64Array = new Float64Array(3).fill(1);
    const losses = Array.from({ length: 40 }, () => {
      p = p.map((v, i) => v - rate * gradient(p)[i]);
      return loss(p);
    });
    expect(losses[39] / losses[38] / growthPerStep(rate, 4)).toBeCloseTo(1, 2);
  });
});
