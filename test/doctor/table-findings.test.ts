/** Findings about rows and targets, on columns made for them; beside each fault the same columns without it. */
import { describe, expect, it } from 'vitest';
import type { SampledColumn } from '../../src/doctor/column-sample.js';
import { dataFindings } from '../../src/doctor/data-findings.js';
import { dependence } from '../../src/doctor/dependence.js';
import { category, number, ROWS, uniforms } from './sampled-columns.js';

const uniform = uniforms(7);

const [a, b] = [uniform(1), uniform(2)];
const sum = a.map((v, i) => v + b[i] + 0.2 * Math.sin(i));
const features = [number('a', a), number('b', b)];
const question = {
  location: 'table',
  holdsOut: true,
  task: undefined,
  scale: 'standard',
  scaleTarget: 'standard',
  loss: undefined,
};
const codes = (columns: readonly SampledColumn[], target: SampledColumn, weights?: SampledColumn) =>
  dataFindings({ ...question, features: columns, target, weights })
    .filter(({ severity }) => severity !== 'info')
    .map(({ code }) => code);

it('sound columns have none', () => expect(codes(features, number('y', sum))).toEqual([]));

it('rows that are there twice', () => {
  const twice = (values: Float64Array) => Float64Array.of(...values, ...values);
  const columns = [number('a', twice(a)), number('b', twice(b))];
  expect(codes(columns, number('y', twice(sum)))).toEqual(['duplicate_rows']);
  const few = (values: Float64Array) => values.map((v) => Math.round(2 * v));
  expect(codes([number('a', few(a)), number('b', few(b))], number('y', few(sum)))).not.toContain('duplicate_rows');
});

it('weights that leave a few rows', () => {
  const even = number('w', uniform(3));
  expect(codes(features, number('y', sum), even)).toEqual([]);
  const steep = number(
    'w',
    Float64Array.from({ length: ROWS }, (_, i) => (i % 100 === 0 ? 1e9 : 1)),
  );
  expect(codes(features, number('y', sum), steep)).toEqual(['row_weights']);
});

describe('a target that nothing tells of', () => {
  const apart = sum.map((_, i) => sum[(i * 101 + 57) % ROWS]);
  it('is told', () => expect(codes(features, number('y', apart))).toEqual(['no_signal']));

  it.each<[string, SampledColumn, boolean]>([
    ['a sum', number('y', sum), true],
    [
      'a valley',
      number(
        'y',
        a.map((v) => (v - 0.5) ** 2),
      ),
      true,
    ],
    [
      'an exclusive or of two',
      category(
        'y',
        Array.from(a, (v, i) => String(v > 0.5 !== b[i] > 0.5)),
      ),
      true,
    ],
    [
      'classes by a threshold',
      category(
        'y',
        Array.from(a, (v) => `class ${Math.floor(3 * v)}`),
      ),
      true,
    ],
    ['chance', number('y', uniform(9)), false],
    [
      'chance, in classes',
      category(
        'y',
        Array.from(uniform(10), (v) => `class ${Math.floor(4 * v)}`),
      ),
      false,
    ],
  ])('%s', (_, target, depends) => expect(dependence(features, target)).toBe(depends));

  it('is found by chance in no more than one of 100 targets', () => {
    const found = Array.from({ length: 100 }, (_, i) => dependence(features, number('y', uniform(100 + i))));
    expect(found.filter(Boolean).length).toBeLessThanOrEqual(1);
  });
});

it('a target of one value', () => {
  expect(
    codes(
      features,
      number(
        'y',
        a.map(() => 4),
      ),
    ),
  ).toEqual(['constant_target']);
  expect(
    codes(
      features,
      category(
        'y',
        Array.from(a, () => 'yes'),
      ),
    ),
  ).toEqual(['constant_target']);
});

it('a target of numbers that were read as text', () => {
  expect(
    codes(
      features,
      category(
        'y',
        Array.from(sum, (v) => v.toFixed(2)),
      ),
    ),
  ).toEqual(['wrong_loss']);
});

describe('a leak', () => {
  const classes = Array.from(a, (v) => `class ${Math.floor(4 * v)}`);
  const noisy = [
    number('b', b),
    number(
      'c',
      a.map((v, i) => v + Math.sin(i)),
    ),
  ];
  it('of one class, as a flag', () => {
    const flag = number(
      'flag',
      Float64Array.from(classes, (name) => (name === 'class 2' ? 1 : 0)),
    );
    expect(codes([...noisy, flag], category('y', classes))).toEqual(['label_leak']);
  });

  it('is not what parts a rare class by being mostly one value', () => {
    const rare = category(
      'y',
      Array.from(a, (_, i) => (i % 200 === 7 ? 'rare' : 'usual')),
    );
    expect(codes(noisy, rare)).not.toContain('label_leak');
  });

  it('is not a column that is hardly ever there', () => {
    const sparse = number(
      'c',
      uniform(5).map((v, i) => (i % 30 === 0 ? v : Number.NaN)),
    );
    expect(codes([...features, sparse], number('y', sum))).toEqual(['missing_values']);
  });
});
