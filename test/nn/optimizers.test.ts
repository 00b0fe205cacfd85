import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { chooseKernels, instantiateKernels } from '../../src/kernels/load.js';
import { OPTIMIZERS, type OptimizerName } from '../../src/nn/optimizers/index.js';
import type { Hyperparameters, Optimizer } from '../../src/nn/optimizers/optimizer.js';

/** Kernels that do nothing: what an optimizer asks for on the way to them is all that matters here. */
const idle = new Proxy({} as Kernels, { get: () => () => 0 });

function constantsRead(optimizer: Optimizer): string[] {
  const read = new Set<string>();
  const watched = new Proxy<Hyperparameters>(optimizer.defaults, {
    get(target, name) {
      read.add(String(name));
      return target[name as keyof Hyperparameters];
    },
  });
  const rule = optimizer.bind(idle, watched);
  rule.begin(1, 0.1, watched.weightDecay);
  rule.apply(0, 0, [0, 0], 0, 4, 1, 0, 1);
  return [...read].sort();
}

describe('an optimizer', () => {
  it.each(Object.entries<Optimizer>(OPTIMIZERS))(
    '%s reads the constants that it says, and no others',
    (_, optimizer) => {
      expect([...optimizer.reads].sort()).toEqual(constantsRead(optimizer));
    },
  );
});

/** A function of two numbers with its gradient. */
type Valley = (x: number, y: number) => { value: number; slope: readonly [number, number] };

const quadratic: Valley = (x, y) => ({ value: (x - 3) ** 2 + 10 * (y + 1) ** 2, slope: [2 * (x - 3), 20 * (y + 1)] });
/** Rosenbrock's: a curved valley, 0 at (1, 1). */
const rosenbrock: Valley = (x, y) => ({
  value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  slope: [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
});

/** Follows the gradient from (-1, 1), at a rate that falls to nothing; the value at the end. */
function descend(optimizer: Optimizer, valley: Valley, rate: number, steps: number): number {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const rule = optimizer.bind(instantiateKernels(chooseKernels('auto'), memory), optimizer.defaults);
  const [parameters, gradient] = [new Float32Array(memory.buffer, 0, 4), new Float32Array(memory.buffer, 64, 4)];
  parameters.set([-1, 1, 0, 0]);
  for (let t = 1; t <= steps; t++) {
    gradient.set(valley(parameters[0], parameters[1]).slope);
    rule.begin(t, rate * (1 - t / steps), 0);
    rule.apply(0, 64, [128, 192], 0, 4, 1, 0, 1);
  }
  expect([parameters[2], parameters[3]]).toEqual([0, 0]);
  return valley(parameters[0], parameters[1]).value;
}

describe('on two valleys, an optimizer', () => {
  /** Rates that suit the steepness of these two functions. */
  const rates: Record<OptimizerName, readonly [quadratic: number, rosenbrock: number]> = {
    sgd: [0.05, 0.001],
    momentum: [0.01, 0.0003],
    nesterov: [0.01, 0.0003],
    adam: [0.1, 0.05],
    adamw: [0.1, 0.05],
    rmsprop: [0.1, 0.01],
    adagrad: [1, 0.5],
  };

  it.each(Object.entries<Optimizer>(OPTIMIZERS))(
    '%s finds the floor of a quadratic, within 1e-3',
    (name, optimizer) => {
      expect(descend(optimizer, quadratic, rates[name as OptimizerName][0], 2000)).toBeLessThanOrEqual(1e-3);
    },
  );

  it.each(Object.entries<Optimizer>(OPTIMIZERS))(
    "%s follows Rosenbrock's valley to its end, within 1e-2",
    (name, optimizer) => {
      expect(descend(optimizer, rosenbrock, rates[name as OptimizerName][1], 20_000)).toBeLessThanOrEqual(1e-2);
    },
  );
});
