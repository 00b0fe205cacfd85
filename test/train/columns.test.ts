import { expect, it } from 'vitest';
import { splitColumnNames } from '../../src/train/columns.js';

const columns = [{ name: 'a' }, { name: 'b' }, { name: 'x, y' }];

it('a comma separates names only where no column bears the whole', () => {
  expect(splitColumnNames(['a,b'], columns)).toEqual(['a', 'b']);
  expect(splitColumnNames(['x, y', 'b'], columns)).toEqual(['x, y', 'b']);
  expect(splitColumnNames(['a, nope'], columns)).toEqual(['a', 'nope']);
  expect(splitColumnNames([], columns)).toEqual([]);
  expect(splitColumnNames(undefined, columns)).toBeUndefined();
});
