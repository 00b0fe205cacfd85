/** Moments and standardisation against direct formulas, and for any cut of the work. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateDataset, type Dataset, planRow } from '../../src/data/dataset.js';
import { standardiseRows } from '../../src/data/standardise.js';
import { CHUNK_ROWS, chunkMoments, joinMoments, shiftAndScale } from '../../src/data/statistics.js';

const layout = planRow({
  numbers: 3,
  flagged: [],
  categories: [{ values: 4, encoding: 'one-hot' }],
  targets: 1,
  weighted: false,
});

/** Rows of noise on a large offset, a constant, and a column with gaps; then a code and a target. */
function noisyDataset(rows: number, rowsPerPiece: number): Dataset {
  const dataset = allocateDataset(rows, layout, rowsPerPiece * layout.stride * 4);
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let row = 0; row < rows; row++) {
    const words = new Float32Array(dataset.pieces[Math.floor(row / dataset.rowsPerPiece)]);
    const missing = next() < 0.2;
    words.set(
      [1e5 + next(), 2.5, missing ? Number.NaN : next() - 0.5, 3, next() * 9],
      (row % dataset.rowsPerPiece) * 5,
    );
  }
  return dataset;
}

function column({ pieces, rowsPerPiece, rows }: Dataset, word: number): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const words = new Float32Array(pieces[Math.floor(row / rowsPerPiece)]);
    return words[(row % rowsPerPiece) * layout.stride + word];
  });
}

describe('moments', () => {
  const rows = 3 * CHUNK_ROWS + 77;
  const dataset = noisyDataset(rows, 1 << 20);

  it('are those of the values, to 1e-12 of the scale', () => {
    const joined = joinMoments([chunkMoments(dataset, rows, [0, 1, 2, 4], 0, 4)], 4);
    for (const [i, word] of [0, 1, 2, 4].entries()) {
      const values = column(dataset, word).filter((value) => !Number.isNaN(value));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const m2 = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      expect(joined[i].count).toBe(values.length);
      expect(joined[i].missing).toBe(rows - values.length);
      expect(joined[i].min).toBe(Math.min(...values));
      expect(joined[i].max).toBe(Math.max(...values));
      expect(Math.abs(joined[i].mean - mean)).toBeLessThanOrEqual(1e-12 * Math.abs(mean));
      expect(Math.abs(joined[i].m2 - m2)).toBeLessThanOrEqual(1e-9 * m2);
    }
    expect(shiftAndScale(joined[1])).toEqual({ shift: 2.5, scale: 0 });
  });

  it('have the same bits for any cut into chunk ranges and any size of pieces', () => {
    const whole = joinMoments([chunkMoments(dataset, rows, [0, 2], 0, 4)], 2);
    for (const cuts of [[1], [2], [3], [1, 2], [1, 2, 3]]) {
      const ends = [...cuts, 4];
      const parts = ends.map((end, i) => chunkMoments(dataset, rows, [0, 2], i === 0 ? 0 : ends[i - 1], end));
      expect(joinMoments(parts, 2)).toEqual(whole);
    }
    const small = noisyDataset(rows, 1 << 10);
    expect(small.pieces.length).toBeGreaterThan(10);
    expect(joinMoments([chunkMoments(small, rows, [0, 2], 0, 4)], 2)).toEqual(whole);
  });

  it('leave out what lies beyond the given rows, and know of no values', () => {
    const some = joinMoments([chunkMoments(dataset, 5, [0], 0, 1)], 1)[0];
    expect(some.count).toBe(5);
    const none = joinMoments([], 1)[0];
    expect(shiftAndScale(none)).toEqual({ shift: 0, scale: 0 });
  });
});

describe('standardiseRows', () => {
  it('is fround((v - shift) / scale) in the given rows and columns only; scale 0 gives 0; missing stays NaN or becomes 0', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(99), fc.boolean(), fc.constantFrom(8, 1 << 12), (a, b, keepMissing, piece) => {
        const dataset = noisyDataset(100, piece);
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const before = [0, 1, 2, 3, 4].map((word) => column(dataset, word));
        const scales = [
          { word: 0, shift: 1e5, scale: 0.3, keepMissing: false },
          { word: 1, shift: 2.5, scale: 0, keepMissing: false },
          { word: 2, shift: 0.1, scale: 2, keepMissing },
        ];
        standardiseRows(dataset, scales, from, to);
        for (let word = 0; word < 5; word++) {
          const scale = scales.find((candidate) => candidate.word === word);
          const expected = before[word].map((v, row) => {
            if (!scale || row < from || row >= to) return v;
            if (Number.isNaN(v)) return scale.keepMissing ? v : 0;
            return scale.scale === 0 ? 0 : Math.fround((v - scale.shift) / scale.scale);
          });
          expect(column(dataset, word)).toEqual(expected);
        }
      }),
      { numRuns: 50 },
    );
  });
});
