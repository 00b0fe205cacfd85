import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { OPTIMIZERS } from '../../src/nn/optimizers/index.js';
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
  rule.begin(1, 0.1);
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
