/** Quartiles against a sorted column, on columns of every shape. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateDataset, planRow } from '../../src/data/dataset.js';
import { quartilesOf } from '../../src/data/quartiles.js';

const layout = planRow({ numbers: 2, flagged: [], categories: [], targets: 0, weighted: false });

function quartilesOfValues(values: readonly number[]) {
  const dataset = allocateDataset(values.length, layout, 64 * 8);
  values.forEach((value, row) => {
    const words = new Float32Array(dataset.pieces[Math.floor(row / dataset.rowsPerPiece)]);
    words.set([7, value], (row % dataset.rowsPerPiece) * 2);
  });
  return quartilesOf(dataset, values.length, 1);
}

/** Linear between the sorted values, as `numpy.quantile`. */
function expected(values: readonly number[], share: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return 0;
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

describe('quartilesOf', () => {
  const few = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN));
  const any = fc.oneof(
    { weight: 9, arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true }) },
    fc.constant(Number.NaN),
  );
  const ramp = fc.nat(500).map((rows) => Array.from({ length: rows }, (_, row) => row));

  it('are the order statistics of the values that are there, interpolated', () => {
    const columns = fc.oneof(
      fc.array(few, { maxLength: 300 }),
      fc.array(any, { maxLength: 300 }),
      ramp,
      ramp.map((values) => values.reverse()),
      ramp.map((values) => values.map((value) => Math.min(value, 500 - value))),
    );
    fc.assert(
      fc.property(columns, (values) => {
        const { low, median, high } = quartilesOfValues(values);
        expect([low, median, high].map((value) => value + 0)).toEqual(
          [0.25, 0.5, 0.75].map((share) => expected(values, share) + 0),
        );
      }),
      { numRuns: 300 },
    );
  });
});
