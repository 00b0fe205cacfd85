import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldClasses, foldGroups, foldRows } from '../../src/data/folds.js';
import { DROPPED } from '../../src/data/split.js';

const scenario = fc.record({
  rows: fc.array(fc.record({ code: fc.nat(3), dropped: fc.boolean() }), { minLength: 20, maxLength: 80 }),
  of: fc.integer({ min: 2, max: 6 }),
  seed: fc.nat(),
});

function slotsOf(rows: readonly { readonly dropped: boolean }[]): Uint32Array {
  return Uint32Array.from(rows, ({ dropped }) => (dropped ? DROPPED : 0));
}

/** Rows of each fold. */
function sizes(marks: readonly Uint8Array[], counts: (row: number) => boolean = () => true): number[] {
  return marks.map((held) => held.reduce((sum, mark, row) => sum + (counts(row) ? mark : 0), 0));
}

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
const texts = ['a', 'b', 'c', 'd'];

describe('folds', () => {
  const ways = {
    foldRows: (slots: Uint32Array, _: Uint32Array, fold: Parameters<typeof foldRows>[1]) => foldRows(slots, fold),
    foldClasses: (slots: Uint32Array, codes: Uint32Array, fold: Parameters<typeof foldRows>[1]) =>
      foldClasses(slots, codes, 4, fold),
    foldGroups: (slots: Uint32Array, codes: Uint32Array, fold: Parameters<typeof foldRows>[1]) =>
      foldGroups(slots, codes, texts, fold),
  };

  it.each(Object.entries(ways))('%s hold every row out once, and none that takes no part', (name, way) => {
    fc.assert(
      fc.property(scenario, ({ rows, of, seed }) => {
        const slots = slotsOf(rows);
        const codes = Uint32Array.from(rows, ({ code }) => code);
        const marks = Array.from({ length: of }, (_, index) => way(slots, codes, { index, of, seed }));
        rows.forEach(({ dropped }, row) => {
          expect(marks.reduce((sum, held) => sum + held[row], 0)).toBe(dropped ? 0 : 1);
        });
        if (name !== 'foldGroups') expect(spread(sizes(marks))).toBeLessThanOrEqual(1);
        if (name === 'foldClasses') {
          for (let c = 0; c < 4; c++) expect(spread(sizes(marks, (row) => codes[row] === c))).toBeLessThanOrEqual(1);
        }
        if (name === 'foldGroups') {
          for (let g = 0; g < 4; g++) {
            expect(sizes(marks, (row) => codes[row] === g).filter((size) => size > 0).length).toBeLessThanOrEqual(1);
          }
        }
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it('are others for another seed', () => {
    const slots = new Uint32Array(50);
    expect(foldRows(slots, { index: 0, of: 5, seed: 1 })).not.toEqual(foldRows(slots, { index: 0, of: 5, seed: 2 }));
  });
});
