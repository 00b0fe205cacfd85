import { describe, expect, it } from 'vitest';
import { allocateDataset, planRow } from '../../src/data/dataset.js';
import type { Target } from '../../src/data/preprocess.js';
import { readOutputs, readTruth, scoreOutputs } from '../../src/train/score.js';

const price: Target & { task: 'regression' } = { name: 'price', task: 'regression', centre: 100, shift: 4, scale: 2 };

/** Five rows with target r and weight 10 r, in pieces of two rows. */
function dataset(weighted: boolean) {
  const layout = planRow({
    numbers: 2,
    flagged: [],
    categories: [{ values: 3, encoding: 'one-hot' }],
    targets: 1,
    weighted,
  });
  const made = allocateDataset(5, layout, layout.stride * 4 * 2);
  for (let r = 0; r < 5; r++) {
    const view = new Float32Array(made.pieces[Math.floor(r / made.rowsPerPiece)]);
    const at = (r % made.rowsPerPiece) * layout.stride;
    view[at + 3] = r;
    if (weighted) view[at + 4] = 10 * r;
  }
  return made;
}

describe('readTruth', () => {
  it('reads targets across pieces, in units of the table', () => {
    expect(dataset(false).rowsPerPiece).toBe(2);
    expect(readTruth(dataset(false), price, 1, 4)).toEqual({
      rows: 3,
      truth: Float64Array.of(106, 108, 110),
      weights: undefined,
    });
  });

  it('reads weights, and class indices as they are', () => {
    const species: Target = { name: 's', task: 'multiclass', type: 'string', classes: ['a', 'b', 'c', 'd', 'e'] };
    expect(readTruth(dataset(true), species, 3, 5)).toEqual({
      rows: 2,
      truth: Float64Array.of(3, 4),
      weights: Float64Array.of(30, 40),
    });
  });
});

describe('readOutputs and scoreOutputs', () => {
  it('read and score a regression in units of the table', () => {
    const truth = readTruth(dataset(false), price, 0, 5);
    // Every output half a standard deviation too high: 1 unit.
    const outputs = readOutputs(Float32Array.of(0.5, 1.5, 2.5, 3.5, 4.5), price, { loss: 'mse' }, 1);
    expect(scoreOutputs(outputs, 1, price, { loss: 'mse' }, truth)).toMatchObject({ rmse: 1, mae: 1, r2: 1 - 5 / 40 });
  });

  it('read the outputs of a Poisson regression as logarithms', () => {
    const counts: Target = { name: 'n', task: 'regression', centre: 0, shift: 0, scale: 1 };
    const truth = { rows: 2, truth: Float64Array.of(1, 4), weights: undefined };
    const outputs = readOutputs(Float32Array.of(0, Math.log(3)), counts, { loss: 'poisson' }, 1);
    expect(scoreOutputs(outputs, 1, counts, { loss: 'poisson' }, truth)).toMatchObject({ mae: expect.closeTo(0.5, 6) });
  });

  it('divide the logits of a classification by the temperature', () => {
    const spam: Target = { name: 's', task: 'binary', type: 'boolean', classes: [false, true] };
    expect([...readOutputs(Float32Array.of(-1, 3), spam, { loss: 'bce' }, 2)]).toEqual([-0.5, 1.5]);
  });

  it('score a classification by its logits', () => {
    const spam: Target = { name: 's', task: 'binary', type: 'boolean', classes: [false, true] };
    const truth = { rows: 2, truth: Float64Array.of(0, 1), weights: undefined };
    expect(scoreOutputs(Float32Array.of(-1, 1), 1, spam, { loss: 'bce' }, truth)).toMatchObject({
      accuracy: 1,
      auc: 1,
    });
  });
});
