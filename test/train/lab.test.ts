import { describe, expect, it } from 'vitest';
import { createLab, type LabBatch } from '../../src/train/lab.js';
import type { LabOptions } from '../../src/train/lab-options.js';

const least: LabOptions = { sizes: [2, 3, 1], batchSize: 4 };
const x = [1, 2, 3, 4];
const y = [1, 2];

describe('createLab', () => {
  it.each<[object, string]>([
    [{ sizes: [2] }, 'sizes: expected at least two widths'],
    [{ sizes: [2, 0, 1] }, 'sizes: expected at least two widths'],
    [{ batchSize: 0 }, 'batchSize: expected a whole number of at least 1, got 0'],
    [{ batchSize: 1.5 }, 'batchSize: expected a whole number of at least 1, got 1.5'],
    [{ shards: 3 }, 'shards: expected a power of two (1, 2, 4, 8 …), got 3'],
    [{ workers: 0 }, 'workers: expected a whole number of at least 1, got 0'],
    [{ learningRate: Number.NaN }, 'learningRate: expected a number above 0, got NaN'],
    [{ activation: 'softmax' }, 'unknown activation "softmax", expected one of identity, relu'],
    [{ loss: 'hinge' }, 'unknown loss "hinge", expected one of mse, half_mse'],
    [{ optimizer: 'lion' }, 'unknown optimizer "lion", expected one of sgd, momentum'],
    [{ kernels: 'cuda' }, 'unknown kernels "cuda", expected one of auto, native'],
    [{ rate: 1 }, 'unknown option "rate"'],
    [{ optimizer: 'sgd', momentum: 0.5 }, 'momentum has no effect on sgd'],
    [{ parameters: 3 }, 'parameters: expected an object of arrays'],
    [{ parameters: { W0: [1] } }, 'tensor W0 has 1 values; expected [2, 3] = 6'],
    [{ parameters: { w0: [1] } }, 'unknown tensor "w0", expected W0, b0, W1, b1'],
  ])('refuses %j', (wrong, message) => {
    expect(() => createLab({ ...least, ...wrong })).toThrow(message);
  });
});

describe('a step', () => {
  it.each<[string, Partial<LabOptions>, Partial<LabBatch>, string]>([
    ['values that make no rows', {}, { x: [1, 2, 3] }, 'a step got 3 values in x and 2 in y'],
    ['more rows than the lab was made for', { batchSize: 1 }, {}, '1 to 1 rows'],
    ['no rows', {}, { x: [], y: [] }, 'a step got 0 values in x and 0 in y'],
    ['too few targets', {}, { y: [1] }, 'a step got 4 values in x and 1 in y'],
    ['weights that the lab has no room for', {}, { weights: [1, 1] }, 'a step got 2 weights; expected none'],
    ['no weights where there must be', { weighted: true }, {}, 'a step got no weights; expected 2'],
    ['a negative weight', { weighted: true }, { weights: [1, -1] }, 'the weight of row 1 is -1'],
    ['weights that are all 0', { weighted: true }, { weights: [0, 0] }, 'all weights of a step are 0'],
    [
      'a class that is none',
      { sizes: [2, 3], loss: 'cross_entropy' },
      { y: [0, 3] },
      'row 1 of y is 3; expected a class index, 0 to 2',
    ],
    ['a gradient of a tensor that is none', {}, { gradient: () => ({ W9: [1] }) }, 'unknown tensor "W9"'],
  ])('refuses %s', (_, options, batch, message) => {
    const lab = createLab({ ...least, ...options });
    const before = lab.parameters();
    expect(() => lab.step({ x, y, ...batch })).toThrow(message);
    expect(lab.parameters()).toEqual(before);
  });

  it('uses the gradient that it is given in place of its own, clipped by its own norm', () => {
    const lab = createLab({ ...least, optimizer: 'sgd', learningRate: 1, clipNorm: 5, weightDecay: 0 });
    const before = lab.parameters();
    const given = { W0: [6, 0, 0, 0, 0, 0], b0: [0, 8, 0], W1: [0, 0, 0], b1: [0] };
    lab.step({ x, y, gradient: () => given });
    const after = lab.parameters();
    expect(before.W0[0] - after.W0[0]).toBeCloseTo(3, 5);
    expect(before.b0[1] - after.b0[1]).toBeCloseTo(4, 5);
    expect(after.W1).toEqual(before.W1);
  });
});

describe('predict', () => {
  it('refuses values that make no rows', () => {
    expect(() => createLab(least).predict([1, 2, 3])).toThrow('predict got 3 values in x; expected rows x 2');
  });
});
