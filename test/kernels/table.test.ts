/**
 * The kernels of the C addon over rows of a table have the bits of the loops that they stand for, for every instruction set that
 * this processor has, any width of rows and any size of pieces; what lies outside is an exception.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocateDataset, type Dataset, planRow } from '../../src/data/dataset.js';
import { createFiller, type FillPlan } from '../../src/data/fill.js';
import type { NumberInput, Preprocessing } from '../../src/data/preprocess.js';
import { rowLayout } from '../../src/data/preprocess.js';
import { createSlots, DROPPED } from '../../src/data/split.js';
import { type ColumnScale, standardiseRows } from '../../src/data/standardise.js';
import { CHUNK_ROWS, chunkMoments } from '../../src/data/statistics.js';
import type { CategoryValues, NumberValues, RowBatch } from '../../src/data/table.js';
import { type AddonChoice, findAddon, loadAddon } from '../../src/kernels/native.js';
import { createTableKernels } from '../../src/kernels/table.js';
import { firstDifference, values } from './numbers.js';

const path = findAddon();
const choices: AddonChoice[] =
  path === null ? [] : Object.keys(loadAddon(path)).map((instructionSet) => ({ path, instructionSet }));
const withNext = choices.map((addon) => [addon.instructionSet, addon] as const);

const shapes = fc.record({
  stride: fc.integer({ min: 8, max: 41 }),
  rows: fc.integer({ min: 1, max: 700 }),
  rowsPerPiece: fc.constantFrom(64, 1 << 20),
  seed: fc.nat(1e6),
});
type Shape = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

/** Numbers of any size, zeros of both signs, and gaps: all that a dataset can hold. */
function numbers(seed: number, count: number): Float32Array {
  return values(seed, count, 'special').map((v) => (Number.isFinite(v) ? v : Number.NaN));
}

function datasetOf({ stride, rows, rowsPerPiece, seed }: Shape): Dataset {
  const layout = planRow({ numbers: stride, flagged: [], categories: [], targets: 0, weighted: false });
  const dataset = allocateDataset(rows, layout, rowsPerPiece * stride * 4);
  for (const [i, piece] of dataset.pieces.entries()) {
    const words = new Float32Array(piece);
    words.set(numbers(seed + i, words.length));
  }
  return dataset;
}

function bitsOf(pieces: readonly SharedArrayBuffer[]): Uint32Array {
  const all = new Uint32Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0) / 4);
  let at = 0;
  for (const piece of pieces) {
    all.set(new Uint32Array(piece), at);
    at += piece.byteLength / 4;
  }
  return all;
}

describe.runIf(choices.length > 0)('kernels of tables', () => {
  test.each(withNext)('%s: moments of any columns, NaN apart', (_, addon) => {
    fc.assert(
      fc.property(shapes, fc.nat(), (shape, salt) => {
        const dataset = datasetOf(shape);
        const columns = Array.from({ length: shape.stride }, (_, word) => word).filter(
          (word) => (salt >> (word % 8)) & 1,
        );
        const kernels = createTableKernels(addon, shape.stride);
        const loops = chunkMoments(dataset, shape.rows, columns, 0, 1);
        expect(chunkMoments(dataset, shape.rows, columns, 0, 1, kernels)).toEqual(loops);
      }),
      { numRuns: 60 },
    );
  });

  test.each(withNext)('%s: moments of a whole chunk of wide rows, and of a column without values', (_, addon) => {
    const shape = { stride: 300, rows: CHUNK_ROWS + 3, rowsPerPiece: 1 << 20, seed: 5 };
    const dataset = datasetOf(shape);
    const words = new Float32Array(dataset.pieces[0]);
    for (let row = 0; row < shape.rows; row++) words[row * 300 + 298] = Number.NaN;
    const kernels = createTableKernels(addon, shape.stride);
    const columns = [0, 7, 255, 298, 299];
    const loops = chunkMoments(dataset, shape.rows, columns, 0, 2);
    expect(chunkMoments(dataset, shape.rows, columns, 0, 2, kernels)).toEqual(loops);
  });

  test.each(withNext)('%s: standardised columns beside others that stay, clipped and constant ones too', (_, addon) => {
    fc.assert(
      fc.property(shapes, fc.nat(), fc.nat(700), (shape, salt, first) => {
        const scaleOf = (word: number): ColumnScale[] => {
          const kind = (salt >> (word % 16)) & 7;
          if (kind === 0) return [];
          const scale = kind === 1 ? 0 : 0.1 + word / 7;
          const clip = kind === 2 ? 3 : undefined;
          return [{ word, shift: word / 3, scale, clip, keepMissing: kind > 4 }];
        };
        const scales = Array.from({ length: shape.stride }, (_, word) => scaleOf(word)).flat();
        const [loops, kernels] = [datasetOf(shape), datasetOf(shape)];
        const from = first % shape.rows;
        standardiseRows(loops, scales, from, shape.rows);
        standardiseRows(kernels, scales, from, shape.rows, createTableKernels(addon, shape.stride));
        expect(firstDifference(bitsOf(kernels.pieces), bitsOf(loops.pieces))).toBe(-1);
      }),
      { numRuns: 60 },
    );
  });

  test.each(withNext)('%s: rows written from float64, float32 and codes; the first that is refused', (_, addon) => {
    fc.assert(
      fc.property(shapes, fc.nat(5000), fc.boolean(), ({ rows, rowsPerPiece, seed }, bad, refuses) => {
        const { batch, preprocessing } = someBatch(rows, seed);
        if (refuses) (batch.columns[2] as NumberValues).values[bad % rows] = bad % 2 === 0 ? 1e39 : -Infinity;
        const [loops, kernels] = [null, addon].map((choice) => {
          const plan = planFor(preprocessing, rows, rowsPerPiece, seed, choice);
          const problem = createFiller(plan)(batch, 0, rows);
          return { problem, bits: bitsOf(plan.dataset.pieces) };
        });
        expect(kernels.problem).toEqual(loops.problem);
        if (loops.problem === null) expect(firstDifference(kernels.bits, loops.bits)).toBe(-1);
      }),
      { numRuns: 60 },
    );
  });

  test.each(withNext)('%s: rows, columns and codes that do not exist are refused', (_, addon) => {
    const kernels = createTableKernels(addon, 8, 16)!;
    const piece = new SharedArrayBuffer(8 * 4 * 10);
    const number = { word: 0, values: new Float64Array(4), centre: 0, recoded: undefined };
    const write = (row: number, start: number, columns = [number]) =>
      kernels.write(piece, Int32Array.of(row), Int32Array.of(start), 1, columns);
    expect(write(3, 72)).toBe(true);
    expect(() => write(4, 0)).toThrow(RangeError);
    expect(() => write(-1, 0)).toThrow(RangeError);
    expect(() => write(0, 73)).toThrow(RangeError);
    expect(() => write(0, 0, [{ ...number, word: 8 }])).toThrow(RangeError);
    const codes = { word: 0, values: Int32Array.of(2), centre: 0, recoded: Int32Array.of(5, 6) };
    expect(() => kernels.write(piece, Int32Array.of(0), Int32Array.of(0), 1, [codes])).toThrow(RangeError);
    expect(() => kernels.measure(piece, 0, 11)).toThrow(RangeError);
    expect(() => kernels.standardise(piece, 8, 10, new Float64Array(24))).toThrow(RangeError);
  });
});

/** Columns of all sorts: wider than one call writes. */
function someBatch(rows: number, seed: number): { batch: RowBatch; preprocessing: Preprocessing } {
  const names = Array.from({ length: 70 }, (_, i) => `x${i}`);
  const columns = names.map((_, i): NumberValues => {
    const single = numbers(seed + i, rows);
    return { kind: 'number', values: i % 3 === 1 ? single : Float64Array.from(single, (v) => v * (1 + 2 ** -30)) };
  });
  const codes = Int32Array.from(numbers(seed, rows), (v) => (Math.abs(v * 5) | 0) % 4).map((code) => code - 1);
  const category: CategoryValues = { kind: 'category', codes, dictionary: ['c', 'a', 'unseen'] };
  const weights = numbers(seed + 99, rows).map((v) => (Number.isNaN(v) ? 1 : Math.abs(v)));
  const standard = { centre: Math.fround(0.1), shift: 0, scale: 1 };
  const preprocessing: Preprocessing = {
    numbers: names.slice(1).map((name): NumberInput => ({ name, ...standard, flagged: false })),
    categories: [{ name: 'kind', values: ['a', 'b', 'c'] }],
    target: { name: 'x0', task: 'regression', ...standard, centre: 0 },
    weightColumn: 'w',
  };
  const weight: NumberValues = { kind: 'number', values: Float64Array.from(weights) };
  // In the order of columnsToFill.
  const batch = { rowStart: 0, rows, columns: [...columns.slice(1), category, columns[0], weight] };
  return { batch, preprocessing };
}

function planFor(
  preprocessing: Preprocessing,
  rows: number,
  rowsPerPiece: number,
  seed: number,
  addon: AddonChoice | null,
): FillPlan {
  const slots = createSlots(rows);
  const layout = rowLayout(preprocessing, { target: true, weight: true });
  const dataset = allocateDataset(rows, layout, rowsPerPiece * layout.stride * 4);
  const words = new Uint32Array(slots);
  let next = 0;
  for (let row = 0; row < rows; row++) words[row] = (row * 7 + seed) % 5 === 0 ? DROPPED : next++;
  return { dataset, preprocessing, slots, firstRow: 0, addon };
}
