/** Findings about columns and tables side by side; beside each fault the same without it. */
import { describe, expect, it } from 'vitest';
import type { SampledColumn } from '../../src/doctor/column-sample.js';
import { dataFindings } from '../../src/doctor/data-findings.js';
import { chanceDistance, ksDistance } from '../../src/doctor/distribution.js';
import { heldOutFindings } from '../../src/doctor/held-out-findings.js';
import { sayAbout } from '../../src/doctor/table-question.js';
import { unitMixture } from '../../src/doctor/unit-mixtures.js';
import { category, number, uniforms } from './sampled-columns.js';

const uniform = uniforms(11);
const a = uniform(1);
const target = number(
  'y',
  a.map((v, i) => v + Math.sin(i)),
);
const question = {
  ...{
    location: 'table',
    holdsOut: true,
    task: undefined,
    scale: 'standard',
    scaleTarget: 'standard',
    loss: undefined,
  },
};
const codes = (column: SampledColumn, of: SampledColumn = target) =>
  dataFindings({ ...question, features: [number('a', a), column], target: of }).map(({ code }) => code);

describe('two units in a column', () => {
  const height = uniform(2).map((v) => 140 + 60 * v);
  const sorted = (values: Float64Array) => values.slice().sort();

  it.each([100, 1000, 2.54, 12])('a ratio of %d is found', (ratio) => {
    const mixed = height.map((v, i) => (i % 4 === 1 ? v / ratio : v));
    expect(unitMixture(sorted(mixed))?.ratio).toBe(ratio);
    expect(codes(number('height', mixed))).toEqual(['mixed_units']);
  });

  it('sound columns have none', () => {
    const heavy = uniform(3).map((v) => Math.exp(12 * v));
    const twoKinds = height.map((v, i) => (i % 4 === 1 ? 1 + (v - 140) ** 2 / 900 : v));
    const switched = a.map((v, i) => (i % 2 === 0 ? 1 : 100) * (v < 0.5 ? 1 : 2));
    for (const values of [height, heavy, twoKinds, switched]) expect(unitMixture(sorted(values))).toBeNull();
  });
});

describe('texts', () => {
  it.each([
    ['numbers_as_text', (i: number) => `${(i * 0.37).toFixed(2)} kg`],
    ['numbers_as_text', (i: number) => `€${i},5`],
    ['dates_as_text', (i: number) => `2021-0${1 + (i % 9)}-1${i % 10}`],
    ['dates_as_text', (i: number) => `${1 + (i % 28)}.${1 + (i % 12)}.2020`],
    ['spelling_variants', (i: number) => ['Yes', 'yes', 'no'][i % 3]],
    ['spelling_variants', (i: number) => ['ja ', 'ja', 'nein'][i % 3]],
  ])('%s', (code, of) =>
    expect(
      codes(
        category(
          't',
          Array.from(a, (_, i) => of(i)),
        ),
      ),
    ).toEqual([code]),
  );

  it.each([
    ['codes with zeros before them', (i: number) => String(i % 90).padStart(5, '0')],
    ['a few sizes', (i: number) => ['38', '39', '40', '41'][i % 4]],
    ['kinds with a number', (i: number) => `kind ${i % 70}`],
  ])('%s are categories', (_, of) =>
    expect(
      codes(
        category(
          't',
          Array.from(a, (_v, i) => of(i)),
        ),
      ),
    ).toEqual([]),
  );

  it('classes spelt in two ways', () => {
    const kinds = Array.from(a, (v, i) => (v > 0.5 ? 'big' : 'small') + (i % 7 === 0 ? ' ' : ''));
    expect(codes(number('b', uniform(5)), category('y', kinds))).toEqual(['spelling_variants']);
  });
});

it('-999 beside a value that stands at the other end more often', () => {
  const capped = uniform(8).map((v, i) => (i % 50 === 3 ? -999 : Math.min(0.9, v)));
  expect(codes(number('age', capped))).toEqual(['sentinel_values']);
  expect(
    codes(
      number(
        'age',
        capped.map((v) => Math.max(0, v)),
      ),
    ),
  ).toEqual([]);
});

it('-1 among targets of hundreds and more, but not among small ones', () => {
  const prices = (least: number) =>
    number(
      'y',
      a.map((v, i) => (i % 50 === 3 ? -1 : least * (1 + 30 * v))),
    );
  expect(codes(number('b', uniform(9)), prices(200))).toEqual(['sentinel_values']);
  expect(codes(number('b', uniform(9)), prices(2))).toEqual([]);
});

it('a target in two units', () => {
  const values = (ratio: number) => a.map((v, i) => 1000 * (10 + v + Math.sin(i)) * (i % 10 === 1 ? ratio : 1));
  expect(codes(number('b', uniform(10)), number('y', values(0.001)))).toEqual(['mixed_units']);
  expect(codes(number('b', uniform(10)), number('y', values(1)))).toEqual([]);
});

it('-999 among targets that are all positive', () => {
  const prices = number(
    'y',
    a.map((v, i) => (i % 50 === 3 ? -999 : 1e5 * (1 + v))),
  );
  expect(codes(number('b', uniform(6)), prices)).toEqual(['sentinel_values']);
});

it('a table of few rows', () => {
  const few = (column: Float64Array) => column.subarray(0, 12);
  const found = dataFindings({
    ...question,
    features: [number('a', few(a))],
    target: number('y', few(uniform(7))),
  });
  expect(found.map(({ code }) => code)).toEqual(['few_rows']);
});

describe('held-out rows', () => {
  const b = uniform(8);
  const about = (columns: readonly SampledColumn[]) =>
    heldOutFindings([number('a', a), number('b', b)], { role: 'test', columns }, sayAbout('t')).map(({ code }) => code);
  const later = [number('a', uniform(21, 300)), number('b', uniform(22, 300))];

  it('of the same kind are sound', () => expect(about(later)).toEqual([]));
  it('in other units', () =>
    expect(
      about([
        number(
          'a',
          uniform(21, 300).map((v) => 1.8 * v + 32),
        ),
        later[1],
      ]),
    ).toEqual(['held_out_differs']));
  it('that were trained on', () =>
    expect(about([number('a', a.slice(0, 300)), number('b', b.slice(0, 300))])).toEqual(['duplicate_rows']));
});

it('the Kolmogorov-Smirnov distance is that of scipy.stats.ks_2samp', () => {
  const ks = (x: number[], y: number[]) => ksDistance(Float64Array.from(x), Float64Array.from(y));
  expect(ks([1, 2, 3, 4], [3, 4, 5, 6])).toBe(0.5);
  expect(ks([1, 1, 2, 9], [1, 2, 2, 2, 3])).toBeCloseTo(0.3, 12);
  expect(ks([1, 2], [1, 2])).toBe(0);
  // Bars of 1e-6: none of 200 pairs of one distribution is beyond.
  for (let i = 0; i < 200; i++) {
    const pair = [uniform(100 + 2 * i, 80).sort(), uniform(101 + 2 * i, 50).sort()];
    expect(ksDistance(pair[0], pair[1])).toBeLessThan(chanceDistance(80, 50));
  }
});
