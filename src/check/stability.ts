/**
 * How large a learning rate a loss surface bears at a point: lambda, the top eigenvalue of the Hessian, and the rate at which
 * each optimiser starts to diverge on a quadratic of that curvature.
 *
 *   gradient descent  2 / lambda                              Cohen et al. 2021, arXiv 2103.00065
 *   heavy ball        (2 + 2 b) / lambda
 *   Nesterov          (2 + 2 b) / (lambda (1 + 2 b))
 *   Adam              (2 + 2 b1) / ((1 - b1) lambda'), lambda' that of the Hessian divided by the preconditioner, frozen
 *                                                             arXiv 2207.14484
 *
 * Method: Lanczos with full reorthogonalisation on Hessian-vector products, which are central differences of gradients. Networks
 * hover at these rates without diverging at once: a rate above is a reason to look, not a verdict by itself.
 */
import type { OptimizerName } from '../nn/optimizers/index.js';
import type { Hyperparameters } from '../nn/optimizers/optimizer.js';
import { createDraws } from './draws.js';

export type Gradient = (parameters: Float64Array) => Float64Array;

/** Relative step of a Hessian-vector product. */
const STEP = 1e-5;
const MOST_STEPS = 60;
/** Relative change of the eigenvalue at which Lanczos stops. */
const SETTLED = 1e-4;

/** H v by central differences of the gradient; v of norm 1. */
export function hessianVector(gradient: Gradient, parameters: Float64Array, v: Float64Array): Float64Array {
  const h = STEP * Math.max(1, Math.sqrt(dot(parameters, parameters)));
  const above = gradient(parameters.map((p, i) => p + h * v[i]));
  const below = gradient(parameters.map((p, i) => p - h * v[i]));
  return above.map((g, i) => (g - below[i]) / (2 * h));
}

export interface TopEigenvalue {
  /** The largest eigenvalue (the most positive one). */
  readonly lambda: number;
  /** Its eigenvector, of norm 1. */
  readonly vector: Float64Array;
}

/**
 * The top eigenvalue of the Hessian at a point, or of D^-1/2 H D^-1/2 for a preconditioner D.
 *
 * @param preconditioner what each entry of the gradient is divided by; absent: 1
 */
export function topEigenvalue(
  gradient: Gradient,
  parameters: Float64Array,
  preconditioner?: Float64Array,
  mostSteps: number = MOST_STEPS,
): TopEigenvalue {
  const size = parameters.length;
  const root = preconditioner?.map(Math.sqrt);
  const multiply = (v: Float64Array): Float64Array => {
    if (root === undefined) return hessianVector(gradient, parameters, v);
    const scaled = v.map((x, i) => x / root[i]);
    const norm = Math.sqrt(dot(scaled, scaled));
    const product = hessianVector(
      gradient,
      parameters,
      scaled.map((x) => x / norm),
    );
    return product.map((x, i) => (x * norm) / root[i]);
  };
  const basis: Float64Array[] = [normalised(createDraws(size).vector(size, -1, 1))];
  const alpha: number[] = [];
  const beta: number[] = [];
  let previous = Number.NEGATIVE_INFINITY;
  for (let k = 0; ; k++) {
    const w = multiply(basis[k]);
    alpha.push(dot(w, basis[k]));
    for (let round = 0; round < 2; round++) {
      for (const q of basis) {
        const along = dot(w, q);
        for (let i = 0; i < size; i++) w[i] -= along * q[i];
      }
    }
    const { value, vector } = topOfTridiagonal(alpha, beta);
    const norm = Math.sqrt(dot(w, w));
    const settled = k > 2 && Math.abs(value - previous) <= SETTLED * Math.abs(value);
    // The product of its norm and the last entry bounds the error.
    const sure = Math.abs(norm * vector[k]) <= 1e-3 * Math.abs(value);
    const over = k + 1 === Math.min(mostSteps, size) || norm <= 1e-10 * Math.abs(value) || !Number.isFinite(value);
    if (over || (settled && sure)) {
      const out = new Float64Array(size);
      for (let j = 0; j <= k; j++) for (let i = 0; i < size; i++) out[i] += vector[j] * basis[j][i];
      return { lambda: value, vector: out };
    }
    previous = value;
    beta.push(norm);
    basis.push(w.map((x) => x / norm));
  }
}

/** The largest eigenvalue of a symmetric tridiagonal matrix by bisection (Sturm), and its vector by inverse iteration. */
function topOfTridiagonal(alpha: readonly number[], beta: readonly number[]): { value: number; vector: Float64Array } {
  const n = alpha.length;
  const off = (i: number): number => Math.abs(beta[i] ?? 0);
  const bound = alpha.map((a, i) => Math.abs(a) + (i > 0 ? off(i - 1) : 0) + (i + 1 < n ? off(i) : 0));
  let high = Math.max(...bound);
  let low = -high;
  for (let turn = 0; turn < 100; turn++) {
    const middle = (low + high) / 2;
    let below = 0;
    let pivot = 1;
    for (let i = 0; i < n; i++) {
      pivot = alpha[i] - middle - (i === 0 ? 0 : (beta[i - 1] * beta[i - 1]) / pivot);
      if (pivot === 0) pivot = 1e-300;
      if (pivot < 0) below++;
    }
    if (below < n) low = middle;
    else high = middle;
  }
  const value = (low + high) / 2;
  // The vector by the three-term recurrence, which is stable towards the top eigenvalue.
  const vector = new Float64Array(n);
  vector[0] = 1;
  for (let i = 0; i + 1 < n; i++) {
    const before = i === 0 ? 0 : beta[i - 1] * vector[i - 1];
    vector[i + 1] = beta[i] === 0 ? 0 : ((value - alpha[i]) * vector[i] - before) / beta[i];
  }
  return { value, vector: normalised(vector) };
}

/**
 * The rate at which an optimiser starts to diverge on a quadratic.
 *
 * @param lambda top eigenvalue; of the preconditioned Hessian where `isPreconditioned`
 */
export function stableRate(
  optimizer: OptimizerName,
  { momentum, beta1 }: Pick<Hyperparameters, 'momentum' | 'beta1'>,
  lambda: number,
): number {
  return STABILITY[optimizer].bound(momentum, beta1) / lambda;
}

interface Stability {
  /** Whether lambda is that of the Hessian divided by the root of the second moments. */
  readonly preconditioned: boolean;
  /** The stable rate times lambda, at this momentum. */
  readonly bound: (momentum: number, beta1: number) => number;
}

const ADAM: Stability = { preconditioned: true, bound: (_, b) => (2 + 2 * b) / (1 - b) };
const ROOT_SCALED: Stability = { preconditioned: true, bound: () => 2 };

const STABILITY: Readonly<Record<OptimizerName, Stability>> = {
  sgd: { preconditioned: false, bound: () => 2 },
  momentum: { preconditioned: false, bound: (b) => 2 + 2 * b },
  nesterov: { preconditioned: false, bound: (b) => (2 + 2 * b) / (1 + 2 * b) },
  adam: ADAM,
  adamw: ADAM,
  rmsprop: ROOT_SCALED,
  adagrad: ROOT_SCALED,
};

/** Whether `stableRate` wants the eigenvalue of the preconditioned Hessian. */
export function isPreconditioned(optimizer: OptimizerName): boolean {
  return STABILITY[optimizer].preconditioned;
}

/** Factor by which the loss along the top mode grows with each step of gradient descent at this rate. */
export function growthPerStep(rate: number, lambda: number): number {
  return (rate * lambda - 1) ** 2;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function normalised(v: Float64Array): Float64Array {
  const norm = Math.sqrt(dot(v, v));
  return v.map((x) => x / norm);
}
