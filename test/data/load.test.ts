/** Loading: the same rows give the same bits, whatever the file, its blocks and whoever does the work; and what is loaded. */
import { afterEach, describe, expect, it } from 'vitest';
import { createGather } from '../../src/data/batches.js';
import type { Dataset } from '../../src/data/dataset.js';
import { type LoadedTraining, loadForModel, loadTraining, type TrainingLoad } from '../../src/data/load.js';
import { featureNames, unstandardised } from '../../src/data/preprocess.js';
import { closeThreadTables, type Execute, executeInline } from '../../src/data/tasks.js';
import { type Cell, type Cells, withTable, writeArrow, writeParquet } from './tables.js';

afterEach(closeThreadTables);

/** Gives every part a turn of its own, last first, and hands over copies, as threads would. */
const executeBackwards: Execute = async (task, common, parts) => {
  const results: unknown[] = [];
  for (let i = parts.length - 1; i >= 0; i--) {
    const [result] = await executeInline(task, structuredClone(common), [structuredClone(parts[i])]);
    results[i] = structuredClone(result);
  }
  return results as Awaited<ReturnType<typeof executeInline<typeof task>>>;
};

const OPTIONS = {
  target: 'price',
  validation: 0.25,
  scale: 'standard',
  scaleTarget: 'standard',
  dropMissingTarget: true,
  seed: 3,
  execute: executeInline,
} as const;

/** Loads a file and closes it. */
function load(path: string, options: Partial<TrainingLoad> = {}): Promise<LoadedTraining> {
  return withTable(path, (table) => loadTraining({ ...OPTIONS, ...options, table }));
}

/** Every bit of a dataset, and everything else that a load decides; notes without the file's name. */
function bits({ dataset, notes, ...rest }: LoadedTraining): unknown {
  const texts = notes.map((note) => note.replace(/^.*: /, ''));
  const bytes = dataset.pieces.map((piece) => Buffer.from(piece).toString('base64'));
  return { ...rest, texts, layout: dataset.layout, bytes };
}

function randomCells(rows: number): Cells {
  let state = 99;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const make = (cell: () => Cell): Cell[] => Array.from({ length: rows }, cell);
  const some = (share: number, cell: Cell, other: Cell) => (next() < share ? other : cell);
  return {
    'weird, "name"': make(() => 1e7 + next()),
    gaps: make(() => some(0.1, some(0.1, next() * 9 - 4, Number.NaN), null)),
    town: make(() => some(0.05, ['Oslo', 'Köln', '東京', '', ' Oslo', '😀'][Math.floor(next() * 6)], null)),
    garden: make(() => some(0.1, next() < 0.4, null)),
    price: make(() => some(0.02, 2e5 + 1e4 * next(), null)),
    weight: make(() => Math.floor(next() * 3)),
    day: make(() => Math.floor(next() * 20)),
  };
}

describe('columns without a value', () => {
  it.each([
    ['parquet', (cells: Cells) => writeParquet(cells, 4096)],
    ['arrow', async (cells: Cells) => writeArrow(cells, 7)],
  ] as const)('are left out, or 0 where they were numbers, with a note (%s)', async (_, write) => {
    const price = Array.from({ length: 40 }, (_, row) => row);
    const none = price.map(() => null);
    const half = price.map((row) => (row % 2 === 0 ? null : Number.NaN));
    const path = await write({ x: price.map((row) => row % 7), none, half, price });
    const { preprocessing, notes } = await load(path, { validation: 0 });
    const kinds = await withTable(path, async ({ columns }) => columns.map(({ kind }) => kind));
    expect(featureNames(preprocessing)).toEqual(['x', 'none', 'half'].filter((_, i) => kinds[i] === 'number'));
    expect(notes).toHaveLength(2);
    expect(
      notes.filter((note) => note.includes('column "none" of') && note.includes('is missing in every')),
    ).toHaveLength(1);
    expect(notes).toContain(`column "half" of ${path} is missing in every training row: nothing can be learnt of it`);
  });
});

describe('the same rows give the same bits', () => {
  const rows = 20_000;
  const cells = randomCells(rows);

  it.each([
    ['regression', { target: 'price', weightColumn: 'weight' }],
    ['binary', { target: 'garden' }],
    ['multiclass of strings', { target: 'town', exclude: ['gaps'] }],
    ['multiclass of numbers', { target: 'day', task: 'multiclass', scale: 'none' }],
  ] as const)('in Parquet and Arrow, in any blocks, by any worker: %s', async (_, choice) => {
    const reference = await load(await writeParquet(cells, rows), choice);
    expect(reference.trainRows).toBeGreaterThan(0.7 * 0.75 * rows);
    const others = [
      load(await writeParquet(cells, 2048), choice),
      load(writeArrow(cells, rows), choice),
      load(writeArrow(cells, 997), choice),
      load(writeArrow(cells, 997), { ...choice, execute: executeBackwards }),
      load(writeArrow(cells, 17_000, true), { ...choice, execute: executeBackwards }),
    ];
    for (const other of await Promise.all(others)) expect(bits(other)).toEqual(bits(reference));
  });

  it('and other bits with another seed', async () => {
    const path = writeArrow(cells, rows);
    expect(bits(await load(path, { seed: 4 }))).not.toEqual(bits(await load(path)));
  });
});

/** The network inputs, targets and weights of a dataset's rows. */
function gathered(dataset: Dataset): { x: number[][]; y: number[]; w: number[] } {
  const { inputs } = dataset.layout;
  const x = new Float32Array(dataset.rows * inputs);
  const y = new Float32Array(dataset.rows);
  const w = new Float32Array(dataset.rows);
  const slots = Uint32Array.from({ length: dataset.rows }, (_, i) => i);
  createGather(dataset)(slots, dataset.rows, x, 0, inputs, y, 0, w, 0);
  const rows = Array.from({ length: dataset.rows }, (_, i) => [...x.subarray(i * inputs, (i + 1) * inputs)]);
  return { x: rows, y: [...y], w: [...w] };
}

describe('what is loaded', () => {
  const cells: Cells = {
    size: [1e9 + 1, 1e9 + 3, null, 1e9 + 3],
    constant: [2.5, 2.5, 2.5, 2.5],
    colour: ['red', null, 'blue', 'red'],
    weight: [1, 0, 2, 3],
    price: [100, 200, 300, 400],
  };
  const all = { validation: 0, weightColumn: 'weight' } as const;

  it('is standardised numbers, a flag for missing ones, one-hot categories, a standardised target, and weights', async () => {
    const { dataset, preprocessing } = await load(writeArrow(cells, 3), all);
    expect(featureNames(preprocessing)).toEqual([
      'size',
      'constant',
      'size is missing',
      'colour = blue',
      'colour = red',
    ]);
    const { x, y, w } = gathered(dataset);
    const high = Math.fround(Math.SQRT1_2); // 1e9 + 1, + 3, + 3: mean 7/3, deviation sqrt(8/9)
    const low = Math.fround((1 - 7 / 3) / Math.sqrt(8 / 9));
    expect(x[0][0]).toBeCloseTo(low, 6);
    expect(x[1][0]).toBeCloseTo(high, 6);
    expect(x.map((row) => row.slice(1))).toEqual([
      [0, 0, 0, 1],
      [0, 0, 0, 0],
      [0, 1, 1, 0],
      [0, 0, 0, 1],
    ]);
    expect(x[2][0]).toBe(0);
    const { target } = preprocessing;
    if (target.task !== 'regression') throw new Error('not a regression');
    expect(y.map((z) => Math.round(unstandardised(z, target)))).toEqual(cells.price);
    expect(w).toEqual(cells.weight);
  });

  it('is float32 of the values themselves without scaling, missing ones 0', async () => {
    const options = { ...all, scale: 'none', scaleTarget: 'none' } as const;
    const { dataset, preprocessing } = await load(writeArrow(cells, 3), options);
    const { x, y } = gathered(dataset);
    expect(x.map((row) => row[0])).toEqual([1e9, 1e9, 0, 1e9]);
    expect(x.map((row) => row[1])).toEqual(cells.constant);
    expect(y).toEqual(cells.price);
    expect(preprocessing.target).toEqual({ name: 'price', task: 'regression', centre: 0, shift: 0, scale: 1 });
  });

  it('takes its statistics from the training rows alone, and flags what they miss', async () => {
    const train = writeArrow({ x: [1, 3, 1, 3], price: [1, 2, 3, 4] }, 4);
    const held = writeArrow({ price: [9, 5], x: [1000, null] }, 2);
    await withTable(held, async (validation) => {
      const { dataset, preprocessing, trainRows, validationRows } = await load(train, { validation });
      expect([trainRows, validationRows]).toEqual([4, 2]);
      expect(preprocessing.numbers[0]).toMatchObject({ centre: 1, shift: 1, scale: 1, flagged: false });
      expect(gathered(dataset).x).toEqual([[-1], [1], [-1], [1], [998], [0]]);
    });
  });

  it('leaves out rows without a target, and says how many', async () => {
    const path = writeArrow({ x: [1, 2, 3, 4], price: [1, null, Number.NaN, 4] }, 2);
    const { dataset, notes } = await load(path, { validation: 0 });
    expect(dataset.rows).toBe(2);
    expect(notes).toEqual([`${path}: 2 rows without a target left out`]);
  });

  it.each([
    ['two numbers', [0, 7, 0, 7], 'binary', [0, 7]],
    ['two strings', ['b', 'a', 'b', 'a'], 'binary', ['a', 'b']],
    ['booleans', [true, false, true, true], 'binary', [false, true]],
    ['three strings', ['b', 'a', 'c', 'a'], 'multiclass', ['a', 'b', 'c']],
  ] as const)('infers classes from %s', async (_, values, task, classes) => {
    const { dataset, preprocessing } = await load(writeArrow({ x: [1, 2, 3, 4], price: values }, 3), { validation: 0 });
    expect(preprocessing.target).toMatchObject({ task, classes });
    expect(gathered(dataset).y).toEqual(values.map((value) => (classes as readonly Cell[]).indexOf(value)));
  });

  it('infers a regression from other numbers, with a note where they are few integers', async () => {
    const few = await load(writeArrow({ x: [1, 2, 3], price: [1, 2, 3] }, 3), { validation: 0 });
    expect(few.preprocessing.target.task).toBe('regression');
    expect(few.notes).toEqual([expect.stringContaining('--task multiclass')]);
    const asked = await load(writeArrow({ x: [1, 2, 3], price: [1, 2, 3] }, 3), { validation: 0, task: 'regression' });
    expect(asked.notes).toEqual([]);
    const fractions = await load(writeArrow({ x: [1, 2, 3], price: [1, 2, 3.5] }, 3), { validation: 0 });
    expect(fractions.notes).toEqual([]);
  });

  it('takes the features in the order in which they are named', async () => {
    const path = writeArrow({ a: [1, 2], b: [3, 4], price: [5.5, 6.5], c: [7, 8] }, 2);
    const { preprocessing } = await load(path, { validation: 0, features: ['c', 'a'], task: 'regression' });
    expect(featureNames(preprocessing)).toEqual(['c', 'a']);
  });
});

describe('loading for a model', () => {
  const train: Cells = {
    size: [1, 2, null, 4],
    colour: ['red', 'blue', 'red', 'blue'],
    garden: [true, false, true, null],
    price: ['lo', 'hi', 'hi', 'lo'],
  };

  it.each(['parquet', 'arrow'])(
    'takes columns in any order, unseen and missing values, and a range of rows (%s)',
    async (format) => {
      const { preprocessing } = await load(writeArrow(train, 4), { validation: 0 });
      const later: Cells = {
        extra: [0, 0, 0, 0, 0],
        garden: [false, null, true, true, true],
        colour: ['green', 'red', null, 'blue', 'red'],
        size: [100, null, 1, 2, 4],
      };
      const path = format === 'arrow' ? writeArrow(later, 2) : await writeParquet(later, 2048);
      await withTable(path, async (table) => {
        const context = { table, preprocessing, withTarget: false, execute: executeInline };
        const all = gathered(await loadForModel(context)).x;
        expect(featureNames(preprocessing).slice(1)).toEqual([
          'size is missing',
          'colour = blue',
          'colour = red',
          'garden = false',
          'garden = true',
        ]);
        expect(all.map((row) => row.slice(1))).toEqual([
          [0, 0, 0, 1, 0],
          [1, 0, 1, 0, 0],
          [0, 0, 0, 0, 1],
          [0, 1, 0, 0, 1],
          [0, 0, 1, 0, 1],
        ]);
        const part = await loadForModel({ ...context, rowStart: 1, rowEnd: 4 });
        expect(gathered(part).x).toEqual(all.slice(1, 4));
      });
    },
  );

  it.each(['parquet', 'arrow'])('reads the target as the class indices of the model (%s)', async (format) => {
    const { preprocessing } = await load(writeArrow(train, 4), { validation: 0 });
    const later = { ...train, price: ['lo', 'medium', null, 'hi'] };
    const path = format === 'arrow' ? writeArrow(later, 3) : await writeParquet(later, 2048);
    await withTable(path, async (table) => {
      const context = { table, preprocessing, withTarget: true, execute: executeInline };
      await expect(loadForModel(context)).rejects.toThrow(
        /missing, or of no known class, in 2 of 4 rows, first in row 1/,
      );
      const kept = await loadForModel({ ...context, dropMissingTarget: true });
      expect(gathered(kept).y).toEqual([1, 0]);
    });
  });

  it('gives the training rows the values that training gave them', async () => {
    const path = writeArrow(randomCells(5000), 600);
    const loaded = await load(path, { validation: 0 });
    await withTable(path, async (table) => {
      const { preprocessing } = loaded;
      const again = await loadForModel({
        table,
        preprocessing,
        withTarget: true,
        dropMissingTarget: true,
        execute: executeBackwards,
      });
      expect(Buffer.from(again.pieces[0]).equals(Buffer.from(loaded.dataset.pieces[0]))).toBe(true);
    });
  });
});
