/** Robust scaling and bins against NumPy and scikit-learn, and for any file, worker and place of the rows. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createGather } from '../../src/data/batches.js';
import { type LoadedTraining, loadForModel, loadTraining, type TrainingLoad } from '../../src/data/load.js';
import { featureNames, predictedValue, type RegressionTarget, unstandardised } from '../../src/data/preprocess.js';
import { executeInline } from '../../src/data/tasks.js';
import { type Cells, withTable, writeArrow, writeParquet } from './tables.js';

interface BinsOracle {
  readonly edges: readonly number[];
  readonly means: readonly number[];
  /** Of the first rows that have a value. */
  readonly encoded: readonly (readonly number[])[];
}

const ORACLE: {
  readonly cells: Cells;
  readonly expected: Readonly<
    Record<string, { readonly scaled: readonly (number | null)[]; readonly bins: Record<string, BinsOracle | null> }>
  >;
} = JSON.parse(readFileSync(new URL('../oracles/preprocessing.json', import.meta.url), 'utf8'));
const NUMBERS = Object.keys(ORACLE.expected);
const ROWS = ORACLE.cells.price.length;
const parquet = await writeParquet(ORACLE.cells, ROWS);

const OPTIONS = {
  features: NUMBERS,
  validation: 0,
  scale: 'robust',
  scaleTarget: 'standard',
  encode: ['piecewise'],
  dropMissingTarget: false,
  seed: 3,
  execute: executeInline,
} as const;

const load = (path: string, options: Partial<TrainingLoad> = {}): Promise<LoadedTraining> =>
  withTable(path, (table) => loadTraining({ ...OPTIONS, target: 'price', ...options, table }));

/** What the network gets of the first rows, by the names of its inputs. */
function gathered({ dataset, preprocessing }: Pick<LoadedTraining, 'dataset' | 'preprocessing'>, rows: number) {
  const names = featureNames(preprocessing);
  const { inputs, targets } = dataset.layout;
  expect(inputs).toBe(names.length);
  const x = new Float32Array(rows * inputs);
  const slots = Uint32Array.from({ length: rows }, (_, row) => row);
  createGather(dataset)(slots, rows, x, 0, inputs, new Float32Array(rows * targets), 0, null, 0);
  return Array.from({ length: rows }, (_, row) => {
    return Object.fromEntries(names.map((name, i) => [name, x[row * inputs + i]]));
  });
}

describe('robust scaling', () => {
  it("is NumPy's median, quartiles and smooth clip, to 1e-6; missing is 0, with a flag", async () => {
    const rows = gathered(await load(parquet, { encode: [] }), 40);
    for (const [name, { scaled }] of Object.entries(ORACLE.expected)) {
      for (const [row, z] of scaled.entries()) {
        expect(Math.abs(rows[row][name] - (z ?? 0)), `${name} of row ${row}`).toBeLessThan(1e-6);
      }
    }
    expect(rows.map((row) => row['gaps is missing'])).toEqual(
      ORACLE.cells.gaps.slice(0, 40).map((x) => (x === null ? 1 : 0)),
    );
  });

  it('is remembered by the model', async () => {
    const { preprocessing } = await load(parquet);
    const model = JSON.parse(JSON.stringify(preprocessing));
    const dataset = await withTable(parquet, (table) => {
      return loadForModel({ table, preprocessing: model, withTarget: false, execute: executeInline });
    });
    expect(gathered({ dataset, preprocessing: model }, 40)).toEqual(gathered(await load(parquet), 40));
  });
});

describe('a value that is missing for the first time after the training', () => {
  it('is 0, in every bin too', async () => {
    const { preprocessing } = await load(parquet);
    const later = writeArrow({ ...ORACLE.cells, skewed: ORACLE.cells.skewed.map(() => null) }, ROWS);
    const dataset = await withTable(later, (table) => {
      return loadForModel({ table, preprocessing, withTarget: false, execute: executeInline });
    });
    const [row] = gathered({ dataset, preprocessing }, 1);
    const ofColumn = Object.entries(row).filter(([name]) => name.startsWith('skewed'));
    expect(ofColumn.length).toBeGreaterThan(20);
    expect(ofColumn.every(([, value]) => value === 0)).toBe(true);
  });
});

describe.each(['price', 'high', 'level'])('bins for target %s', (target) => {
  it("are those of scikit-learn's tree, to 1e-5, and skip what cannot be split", async () => {
    const task = target === 'level' ? 'multiclass' : undefined;
    const loaded = await load(parquet, { target, task });
    const rows = gathered(loaded, 40);
    for (const { name, bins } of loaded.preprocessing.numbers) {
      const expected = ORACLE.expected[name].bins[target] ?? null;
      expect(bins === undefined, name).toBe(expected === null);
      if (bins === undefined || expected === null) continue;
      expect(bins.edges.length, name).toBe(expected.edges.length);
      bins.edges.forEach((edge, i) => void expect(Math.abs(edge - expected.edges[i]), name).toBeLessThan(1e-5));
      bins.means.forEach((mean, i) => void expect(Math.abs(mean - expected.means[i]), name).toBeLessThan(1e-5));
      const there = rows.filter((_, row) => ORACLE.cells[name][row] !== null);
      for (const [row, encoded] of expected.encoded.entries()) {
        // The value of a bin is a difference of values over its width: 1e-7 of rounding shows in narrow ones.
        encoded.forEach((value, bin) => {
          expect(Math.abs(there[row][`${name} in bin ${bin}`] - value), `${name}, row ${row}`).toBeLessThan(1e-3);
        });
      }
    }
    const missing = ORACLE.cells.gaps.indexOf(null);
    const bins = Object.entries(rows[missing]).filter(([name]) => name.startsWith('gaps in bin'));
    expect(bins.length).toBeGreaterThan(3);
    expect(bins.every(([, value]) => value === 0)).toBe(true);
  });
});

describe('a wide table', () => {
  it.each([
    [150, 13],
    [1025, 1],
  ])('of %i numbers has %i bins for each, at most', async (columns, most) => {
    const names = Array.from({ length: columns }, (_, i) => `x${i}`);
    const cells = Object.fromEntries(names.map((name, i) => [name, ORACLE.cells.far.slice(i, i + 400)]));
    const price = ORACLE.cells.price.slice(0, 400);
    const { preprocessing } = await load(writeArrow({ ...cells, price }, 400), { features: names });
    const counts = preprocessing.numbers.map(({ bins }) => bins?.means.length ?? 1);
    expect(Math.max(...counts)).toBe(most);
  });
});

describe('the range of the target', () => {
  it('is remembered where predictions are to be kept within it, and bounds them', async () => {
    const prices = ORACLE.cells.price as readonly number[];
    const { preprocessing } = await load(parquet, { encode: [], clampTarget: true });
    const target = preprocessing.target as RegressionTarget;
    expect(target.range!.min).toBeCloseTo(Math.min(...prices), 4);
    expect(target.range!.max).toBeCloseTo(Math.max(...prices), 4);
    expect([-1e3, 1e3].map((z) => predictedValue(z, target))).toEqual([target.range!.min, target.range!.max]);
    expect(predictedValue(0.25, target)).toBe(unstandardised(0.25, target));
    expect(predictedValue(Number.NaN, target)).toBeNaN();
    const free = (await load(parquet, { encode: [] })).preprocessing.target as RegressionTarget;
    expect(free).toEqual({ ...target, range: undefined });
    expect(predictedValue(1e3, free)).toBe(unstandardised(1e3, free));
  });
});

describe('what rows are measured by', () => {
  it('is the same in every file', async () => {
    const { preprocessing } = await load(parquet);
    expect((await load(writeArrow(ORACLE.cells, 97))).preprocessing).toEqual(preprocessing);
    expect((await load(await writeParquet(ORACLE.cells, 2048))).preprocessing).toEqual(preprocessing);
  });

  it('is a sample of the seed where rows are many, about as all of them are', async () => {
    const sampleSizes = { wholeBytes: 1000, rows: 1500, bytes: 1 << 20 };
    const [whole] = (await load(parquet)).preprocessing.numbers;
    const [sampled] = (await load(parquet, { sampleSizes })).preprocessing.numbers;
    const [other] = (await load(parquet, { sampleSizes, seed: 4 })).preprocessing.numbers;
    expect(sampled).not.toEqual(whole);
    expect(sampled).not.toEqual(other);
    expect((await load(writeArrow(ORACLE.cells, 97), { sampleSizes })).preprocessing.numbers[0]).toEqual(sampled);
    expect(Math.abs(sampled.scale / whole.scale - 1)).toBeLessThan(0.1);
    expect((await load(parquet, { sampleSizes: { ...sampleSizes, rows: ROWS } })).preprocessing.numbers[0]).toEqual(
      whole,
    );
  });
});
