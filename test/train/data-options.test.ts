import { tableFromArrays } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { checkData, dataWords, defaultRunName, withoutMemory } from '../../src/train/data-options.js';

const memory = tableFromArrays({ x: [1, 2] });

describe('checkData', () => {
  it('takes files or a query', () => {
    expect(() => checkData({ data: ['a.csv', 'b.csv'], format: 'csv' })).not.toThrow();
    expect(() => checkData({ query: 'SELECT 1' })).not.toThrow();
    expect(() => checkData({ data: memory })).not.toThrow();
  });

  it.each([
    [{}, /^missing data: expected <data> or --query$/],
    [{ data: 'a.csv', query: 'SELECT 1' }, /^<data> and --query both say what to read$/],
  ])('refuses %j', (options, message) => {
    const nameOf = (key: string) => (key === 'data' ? '<data>' : `--${key}`);
    expect(() => checkData(options, nameOf)).toThrow(message);
  });
});

it.each([
  [{ data: '/x/houses.train.parquet' }, 'houses.train'],
  [{ data: 'houses' }, 'houses'],
  [{ data: ['a/b.csv.gz', 'c.csv'] }, 'b'],
  [{ data: 'lake/year=2024/*.parquet' }, 'run'],
  [{ data: 'lake/part-*.parquet' }, 'part-_'],
  [{ data: 'lake/' }, 'lake'],
  [{ data: '..' }, 'run'],
  [{ data: '-' }, 'stdin'],
  [{ data: memory }, 'table'],
  [{ query: 'SELECT 1' }, 'query'],
])('a run on %j is called after it', (options, name) => expect(defaultRunName(options)).toBe(name));

it.each([
  [{ data: 'a.csv' }, 'a.csv'],
  [{ data: ['a b.csv', "it's.csv"], format: 'csv' as const }, `'a b.csv' 'it'\\''s.csv' --format csv`],
  [{ query: 'SELECT * FROM x' }, `--query 'SELECT * FROM x'`],
  [{ data: memory }, '<data>'],
])('%j as words of a command line', (options, words) => expect(dataWords(options)).toBe(words));

it('a table in memory is not kept in a config', () => {
  expect(withoutMemory({ data: memory, target: 'x' })).toEqual({ data: undefined, target: 'x' });
  expect(withoutMemory({ data: ['a.csv'], target: 'x' })).toEqual({ data: ['a.csv'], target: 'x' });
});
