/** Dropout in a step: the gradient is that of the thinned network, and scoring does without. */
import { describe, expect, it } from 'vitest';
import { ACTIVATIONS, type ActivationName } from '../../src/nn/activations/index.js';
import { createLab } from '../../src/train/lab.js';
import type { LabOptions } from '../../src/train/lab-options.js';
import { numbers } from './fixtures.js';

const ROWS = 40;
const x = numbers(ROWS * 3, 1);
const y = numbers(ROWS * 2, 2);
const options = (activation: ActivationName): LabOptions => ({
  sizes: [3, 9, 12, 2],
  activation,
  dropout: 0.4,
  batchSize: ROWS,
  shards: 4,
  optimizer: 'sgd',
  seed: 5,
});
const DIFFERENCE = 2e-4;

// relu, leaky_relu and selu have kinks that a difference may straddle; the seed is such that none of them matters.
describe.each(Object.keys(ACTIVATIONS) as ActivationName[])('%s', (activation) => {
  it.each([
    ['a plain network', {}],
    ['a residual network with layer norm', { sizes: [3, 12, 12, 2], residual: true, layerNorm: true }],
  ])(
    '%s has the gradient of the loss that it has with these units dropped, to 1 in 100 of the largest',
    (_, pieces) => {
      const network = { ...options(activation), ...pieces };
      /** Labs of one seed drop the same units at their first step. */
      const firstLoss = (parameters: Record<string, Float32Array>): number =>
        createLab({ ...network, parameters }).step({ x, y }).loss;
      const parameters = createLab(network).parameters();
      // Without a bias, a unit that lost all its inputs would be at 0 exactly, where relu has no derivative.
      for (const name of ['b0', 'b1']) parameters[name] = numbers(parameters[name].length, 3).map((bias) => bias / 10);
      const { gradient } = createLab({ ...network, parameters }).step({ x, y });
      for (const name of Object.keys(gradient)) {
        const largest = Math.max(...gradient[name].map(Math.abs));
        for (const i of [0, 1, gradient[name].length - 1]) {
          const moved = (by: number): number => {
            const changed = { ...parameters, [name]: parameters[name].slice() };
            changed[name][i] += by;
            return firstLoss(changed);
          };
          const slope = (moved(DIFFERENCE) - moved(-DIFFERENCE)) / (2 * DIFFERENCE);
          expect(Math.abs(slope - gradient[name][i]), `${name}[${i}]`).toBeLessThanOrEqual(0.01 * largest + 1e-5);
        }
      }
    },
  );
});

describe('dropout', () => {
  const { dropout: _, ...without } = options('tanh');

  it('is off when predicting', () => {
    expect(createLab(options('tanh')).predict(x)).toEqual(createLab(without).predict(x));
  });

  it('drops other units at each step, and the same ones again with the same seed', () => {
    const still = { ...options('tanh'), learningRate: 1e-30 };
    const losses = (lab = createLab(still)) => [1, 2, 3].map(() => lab.step({ x, y }).loss);
    expect(new Set(losses()).size).toBe(3);
    expect(losses()).toEqual(losses());
    expect(losses(createLab({ ...still, seed: 6 }))[0]).not.toBe(losses()[0]);
  });

  it('leaves the expected output as it is: over many steps, the mean loss of a linear network is that of its mean', () => {
    // One row, no hidden layer but the identity: the mean over masks of the output is the output without dropout.
    const linear: LabOptions = {
      ...{
        sizes: [1, 64, 1],
        activation: 'identity',
        batchSize: 1,
        loss: 'mae',
        optimizer: 'sgd',
        learningRate: 1e-30,
      },
      seed: 3,
    };
    const [row, far] = [[1], [-1000]]; // far below every output: the loss is the output + 1000
    const plain = createLab(linear).step({ x: row, y: far }).loss - 1000;
    const lab = createLab({ ...linear, dropout: 0.5 });
    const outputs = Array.from({ length: 4000 }, () => lab.step({ x: row, y: far }).loss - 1000);
    const mean = outputs.reduce((sum, z) => sum + z, 0) / outputs.length;
    const variance = outputs.reduce((sum, z) => sum + (z - mean) ** 2, 0) / outputs.length;
    expect(variance).toBeGreaterThan(0);
    expect(Math.abs(mean - plain)).toBeLessThan(5 * Math.sqrt(variance / outputs.length));
  });
});
