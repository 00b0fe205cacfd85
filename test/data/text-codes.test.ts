import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTextCoder } from '../../src/data/text-codes.js';

function coded(values: readonly (string | null)[]): (string | null)[] {
  const text = Buffer.from(values.map((value) => value ?? '').join(''));
  const coder = createTextCoder(text, values.length);
  let at = 0;
  for (const value of values) {
    const end = at + Buffer.byteLength(value ?? '');
    if (value === null) coder.addMissing();
    else coder.add(at, end);
    at = end;
  }
  const { codes, dictionary } = coder.values();
  expect(new Set(dictionary).size).toBe(dictionary.length);
  return [...codes].map((code) => (code < 0 ? null : dictionary[code]));
}

describe('createTextCoder', () => {
  it('gives every string back, and each distinct one a single code, by first appearance', () => {
    const value = fc.option(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'a', 'b', 'ab', '\ufeffa', '東京')),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), (values) => {
        expect(coded(values)).toEqual(values);
      }),
    );
  });

  it('keeps more strings apart than it has places at first', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => `town ${i % 7000}`);
    expect(coded(values)).toEqual(values);
  });

  it.each([
    [2, 4],
    [2, 1],
    [-1, 2],
  ])('refuses bytes %i .. %i of a text of three', (start, end) => {
    const coder = createTextCoder(Buffer.from('abc'), 1);
    expect(() => coder.add(start, end)).toThrow(new RangeError('a string does not lie in its text'));
  });
});
