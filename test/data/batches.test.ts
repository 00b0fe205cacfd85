/** The gather against a row-by-row reading of dataset.ts, on random layouts, pieces and rows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGather } from '../../src/data/batches.js';
import { allocateDataset, type Dataset, planRow } from '../../src/data/dataset.js';
import { chooseKernels, instantiateKernels } from '../../src/kernels/load.js';
import { findAddon } from '../../src/kernels/native.js';

/** What dataset.ts says of one row. */
function expectedRow(
  { layout, pieces, rowsPerPiece }: Dataset,
  slot: number,
): { x: number[]; y: number[]; w: number[] } {
  const piece = new Float32Array(pieces[Math.floor(slot / rowsPerPiece)]);
  const row = [...piece.subarray((slot % rowsPerPiece) * layout.stride, ((slot % rowsPerPiece) + 1) * layout.stride)];
  const numbers = row.splice(0, layout.numbers);
  const codes = row.splice(0, layout.categories.length);
  const y = row.splice(0, layout.targets);
  const flags = layout.flagged.map((column) => (Number.isNaN(numbers[column]) ? 1 : 0));
  const categories = codes.flatMap((code, c) => {
    const { values, encoding } = layout.categories[c];
    if (encoding === 'embedding') return [];
    if (encoding === 'sign') return [code < 0 ? 0 : code === 0 ? -1 : 1];
    return Array.from({ length: values }, (_, i) => (i === code ? 1 : 0));
  });
  const embedded = codes.filter((_, c) => layout.categories[c].encoding === 'embedding');
  const bins = layout.binned.flatMap(({ number, edges, means }) =>
    means.map((mean, t) => {
      const z = numbers[number];
      const share = Math.min(1, Math.max(0, (z - edges[t]) / (edges[t + 1] - edges[t])));
      return Number.isNaN(z) ? 0 : 2 * (share - mean);
    }),
  );
  const places = layout.valued.map(({ number, values }) => values.map(Math.fround).indexOf(numbers[number]));
  return {
    x: [...numbers.map((v) => (Number.isNaN(v) ? 0 : v)), ...flags, ...categories, ...bins, ...embedded, ...places],
    y,
    w: row,
  };
}

const datasets = fc
  .record({
    numbers: fc.integer({ min: 0, max: 11 }),
    flags: fc.array(fc.boolean(), { minLength: 11, maxLength: 11 }),
    categories: fc.array(
      fc.oneof(
        fc.record({ values: fc.integer({ min: 0, max: 5 }), encoding: fc.constantFrom('one-hot', 'embedding') }),
        fc.constant({ values: 2, encoding: 'sign' } as const),
      ),
      { maxLength: 3 },
    ),
    bins: fc.array(fc.constantFrom(null, [-0.5, 0.25], [-0.9, -0.2, 0, 0.7]), { minLength: 11, maxLength: 11 }),
    known: fc.array(fc.constantFrom(null, [-0.5, 0.25, 0.75]), { minLength: 11, maxLength: 11 }),
    targets: fc.integer({ min: 0, max: 3 }),
    weighted: fc.boolean(),
    rows: fc.integer({ min: 1, max: 40 }),
    rowsPerPiece: fc.constantFrom(1, 4, 64),
    seed: fc.integer(),
  })
  .map(({ flags, bins, known, rows, rowsPerPiece, seed, ...spec }) => {
    const flagged = flags.flatMap((flag, i) => (flag && i < spec.numbers ? [i] : []));
    const binned = bins.slice(0, spec.numbers).flatMap((edges, number) => {
      return edges === null ? [] : [{ number, edges, means: edges.slice(1).map((_, t) => 0.5 - t / 8) }];
    });
    const valued = known
      .slice(0, spec.numbers)
      .flatMap((values, number) => (values === null ? [] : [{ number, values }]));
    const layout = planRow({ ...spec, flagged, binned, valued });
    const gaps = [...flagged, ...[...binned, ...valued].map(({ number }) => number)];
    const dataset = allocateDataset(rows, layout, rowsPerPiece * Math.max(4, layout.stride * 4));
    let state = seed >>> 0;
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    for (let row = 0; row < rows; row++) {
      const words = new Float32Array(dataset.pieces[Math.floor(row / dataset.rowsPerPiece)]);
      for (let j = 0; j < layout.stride; j++) {
        const category = j - layout.numbers;
        let value = next() * 2 - 1;
        if (valued.some(({ number }) => number === j) && next() < 0.5) value = Math.round(4 * value) / 4;
        if (gaps.includes(j) && next() < 0.3) value = Number.NaN;
        if (category >= 0 && category < layout.categories.length) {
          value = Math.floor(next() * (layout.categories[category].values + 1)) - 1;
        }
        words[(row % dataset.rowsPerPiece) * layout.stride + j] = value;
      }
    }
    return dataset;
  });

/** The views of a gather: of buffers of their own, or of a memory that kernels work in. */
type Views = (slots: Uint32Array, x: number, y: number, w: number) => [Uint32Array, ...Float32Array[]];

const ownBuffers: Views = (slots, x, y, w) => [slots, new Float32Array(x), new Float32Array(y), new Float32Array(w)];

const memory = new WebAssembly.Memory({ initial: 32, maximum: 32, shared: true });
const inMemory: Views = (slots, x, y, w) => {
  const words = new Uint32Array(memory.buffer, 64, slots.length);
  words.set(slots);
  let top = 16 + slots.length;
  const take = (count: number) => {
    top += count;
    return new Float32Array(memory.buffer, 4 * (top - count), count);
  };
  return [words, take(x), take(y), take(w)];
};
const sets = [
  ['alone', null, ownBuffers],
  ...(['native', 'wasm-fma'] as const)
    .filter((name) => name !== 'native' || findAddon() !== null)
    .map((name) => [`with ${name}`, instantiateKernels(chooseKernels(name), memory), inMemory] as const),
] as const;

describe.each(sets)('createGather %s', (_, kernels, views) => {
  it('copies inputs, targets and weights of any rows, and touches nothing else', () => {
    fc.assert(
      fc.property(datasets, fc.array(fc.nat(), { maxLength: 20 }), fc.boolean(), (dataset, picks, wantWeights) => {
        const { inputs, embedded, targets, weighted } = dataset.layout;
        const slots = Uint32Array.from(picks, (pick) => pick % dataset.rows);
        const ldx = Math.ceil((inputs + embedded.length + 1) / 8) * 8;
        const size = 8 + slots.length * ldx;
        const [order, x, y, w] = views(slots, size, 3 + slots.length * targets + 2, 5 + slots.length + 2);
        for (const view of [x, y, w]) view.fill(7);
        createGather(dataset, kernels)(order, slots.length, x, 8, ldx, y, 3, wantWeights ? w : null, 5);

        const expectedX = new Float32Array(size).fill(7);
        const expectedY = new Float32Array(y.length).fill(7);
        const expectedW = new Float32Array(w.length).fill(7);
        slots.forEach((slot, i) => {
          const row = expectedRow(dataset, slot);
          expectedX.set(row.x, 8 + i * ldx);
          expectedY.set(row.y, 3 + i * targets);
          if (weighted && wantWeights) expectedW.set(row.w, 5 + i);
        });
        expect([...x]).toEqual([...expectedX]);
        expect([...y]).toEqual([...expectedY]);
        expect([...w]).toEqual([...expectedW]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([2 ** 19, 2 ** 28])(
    'copies rows of a table that is larger than the cache, in pieces of %i bytes',
    (bytes) => {
      const layout = planRow({ numbers: 20, flagged: [], categories: [], targets: 1, weighted: false });
      const dataset = allocateDataset(20_000, layout, bytes);
      dataset.pieces.forEach((piece, p) => {
        new Float32Array(piece).forEach((_, i, words) => {
          words[i] = p * dataset.rowsPerPiece * layout.stride + i;
        });
      });
      const slots = Uint32Array.of(19_999, 0, 8191, 4096, 7);
      const [order, x, y] = views(slots, slots.length * 24, slots.length, 0);
      createGather(dataset, kernels)(order, slots.length, x, 0, 24, y, 0, null, 0);
      slots.forEach((slot, i) => {
        const first = slot * layout.stride;
        expect([...x.subarray(i * 24, i * 24 + 20)]).toEqual(Array.from({ length: 20 }, (_, j) => first + j));
        expect(y[i]).toBe(first + 20);
      });
    },
  );
});
