/** What a group, a layer rate or a schedule makes of one update, by plain gradient descent on a gradient that the test writes. */
import { describe, expect, it } from 'vitest';
import { chooseKernels } from '../../src/kernels/load.js';
import { groupsFor, PLAIN_GROUPS } from '../../src/nn/groups.js';
import { readTensor } from '../../src/nn/network.js';
import { SCHEDULES } from '../../src/nn/schedules/index.js';
import { createInlineStep } from '../../src/parallel/inline.js';
import { createPermutation } from '../../src/random/permutation.js';
import { PURPOSE } from '../../src/random/philox.js';
import { BASE, makeDataset, makePlan, type TestRun } from './fixtures.js';

const LEARNED: TestRun = {
  ...BASE,
  sizes: [4, 9, 2],
  optimizer: 'sgd',
  learningRate: 0.1,
  pieces: { blend: true, inputScale: true, periodic: 2, embeddings: [5] },
};

/** The mean of each tensor after an update from parameters of 1, by gradients of 1 or none. */
function updated(run: TestRun, weightDecay: number, gradient: number, t = 1): Record<string, number> {
  const plan = makePlan(run, 1);
  const step = createInlineStep(
    { ...plan, hyper: { ...plan.hyper, weightDecay } },
    chooseKernels('auto'),
    makeDataset(run),
  );
  step.differentiate({
    order: createPermutation(run.rows, 0, PURPOSE.rowOrder, 0),
    start: 0,
    rows: 4,
  });
  step.parameters.fill(1);
  step.gradient().fill(gradient);
  step.update(t, 1);
  return Object.fromEntries(
    plan.network.tensors.map((tensor) => {
      const values = readTensor(tensor, step.parameters);
      expect(values.every((value) => value === values[0])).toBe(true);
      return [tensor.name, values[0]];
    }),
  );
}

const NAMES = ['W0', 'b0', 'a0', 'W1', 'b1', 's', 'periodicW1', 'periodicB1', 'periodicW2', 'periodicB2', 'embedding0'];
/** Inputs of the layers: 4 + 3 * 2 + 8, and 9. */
const FANS: Record<string, number> = { W0: 18, W1: 9 };
const RATES: Record<string, number> = { W: 1, b: 0.25, a: 0.1, s: 6, p: 0.1, e: 0.1 };

describe('an update', () => {
  const groups = groupsFor({ biasRate: 0.25, decay: 'weights' });

  it("takes each group's part of the rate; ntk divides that of weights by sqrt(fan in)", () => {
    for (const layerRates of ['uniform', 'ntk'] as const) {
      const after = updated({ ...LEARNED, groups, layerRates }, 0, 1);
      expect(Object.keys(after)).toEqual(NAMES);
      for (const name of NAMES) {
        const root = layerRates === 'ntk' ? Math.sqrt(FANS[name] ?? 1) : 1;
        expect(after[name], name).toBeCloseTo(1 - (0.1 * RATES[name[0]]) / root, 6);
      }
    }
  });

  it('decays by rate times decay, undivided for weights of ntk, and biases not at all where weights alone decay', () => {
    for (const layerRates of ['uniform', 'ntk'] as const) {
      const after = updated({ ...LEARNED, groups, layerRates }, 0.5, 0);
      for (const name of NAMES) {
        const wanted = name[0] === 'b' ? 1 : 1 - 0.1 * RATES[name[0]] * 0.5;
        expect(after[name], name).toBeCloseTo(wanted, 6);
      }
      expect(updated({ ...LEARNED, layerRates }, 0.5, 0).b0).toBeCloseTo(1 - 0.1 * 0.5, 6);
    }
  });

  it('decays as its schedule goes, beside that of the rate', () => {
    const rate = { schedule: 'constant', warmupSteps: 0, steps: 40 } as const;
    for (const t of [1, 20, 30, 40, 50]) {
      const run: TestRun = { ...LEARNED, groups: PLAIN_GROUPS, rate, decaySchedule: 'flat_cosine' };
      const factor = SCHEDULES.flat_cosine.factor(Math.min(t, 40) - 1, 40);
      expect(updated(run, 0.5, 0, t).W1).toBeCloseTo(1 - 0.1 * 0.5 * factor, 6);
    }
  });
});
