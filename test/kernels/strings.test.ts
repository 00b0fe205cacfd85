/** The kernel that codes strings gives equal strings equal codes, by first appearance; what lies outside is an exception. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddonChoice, findAddon, loadAddon } from '../../src/kernels/native.js';
import { createStringCoder } from '../../src/kernels/strings.js';

const path = findAddon();
const addon: AddonChoice | null = path === null ? null : { path, instructionSet: Object.keys(loadAddon(path))[0] };

interface Column {
  readonly text: Buffer;
  readonly offsets: Int32Array;
  readonly valid: Uint8Array;
}

function columnOf(values: readonly (string | null)[]): Column {
  const offsets = new Int32Array(values.length + 1);
  const valid = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries()) {
    offsets[i + 1] = offsets[i] + Buffer.byteLength(value ?? 'unseen');
    if (value !== null) valid[i >> 3] |= 1 << (i & 7);
  }
  return { text: Buffer.from(values.map((value) => value ?? 'unseen').join('')), offsets, valid };
}

/** Codes by first appearance, and where that is, as a map of strings gives them. */
function expected(values: readonly (string | null)[]): { codes: number[]; firsts: number[] } {
  const known = new Map<string, number>();
  const firsts: number[] = [];
  const codes = values.map((value, row) => {
    if (value === null) return -1;
    if (!known.has(value)) known.set(value, firsts.push(row) - 1);
    return known.get(value)!;
  });
  return { codes, firsts };
}

describe.runIf(addon !== null)('codes of strings', () => {
  const code = createStringCoder(addon)!;

  function check(values: readonly (string | null)[], from: number, to: number): void {
    const { text, offsets, valid } = columnOf(values);
    const codes = new Int32Array(to - from);
    const firsts = code(text, offsets, values.includes(null) ? valid : null, from, codes);
    expect({ codes: [...codes], firsts: [...firsts] }).toEqual(expected(values.slice(from, to)));
  }

  test('of any strings, some missing, from any row on', () => {
    const nearly = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.constantFrom('', 'a', 'b')).map(([n, end]) => {
      return `${'x'.repeat(n)}${end}`;
    });
    const value = fc.option(
      fc.oneof(fc.string({ unit: 'binary' }), nearly, fc.constantFrom('', '東京', '\ufeffa', 'a\0')),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), fc.nat(), fc.nat(), (values, a, b) => {
        const from = a % (values.length + 1);
        check(values, from, from + (b % (values.length - from + 1)));
      }),
      { numRuns: 300 },
    );
  });

  test('of strings of any length that differ in one byte', () => {
    for (let length = 1; length <= 40; length++) {
      const values = Array.from({ length }, (_, at) => `${'a'.repeat(at)}b${'a'.repeat(length - at - 1)}`);
      check([...values, 'a'.repeat(length), ...values.toReversed()], 0, 2 * length + 1);
    }
  });

  test('of many rows, all different or few, after a call on fewer', () => {
    check(['a'], 0, 1);
    const numbered = Array.from({ length: 30_000 }, (_, i) => `town ${i}`);
    check(numbered, 3, 30_000);
    check(
      numbered.map((_, i) => numbered[(i * i) % 211]),
      0,
      30_000,
    );
  });

  test.each([
    ['ends beyond the text', [0, 2, 4]],
    ['ends before it begins', [0, 2, 1]],
    ['begins before the text', [-1, 2, 3]],
  ])('refuses a string that %s', (_, offsets) => {
    const run = () => code(Buffer.from('abc'), Int32Array.from(offsets), null, 0, new Int32Array(2));
    expect(run).toThrow(new RangeError('a string does not lie in its text'));
  });

  test('refuses rows that its arrays do not have', () => {
    const { text, offsets, valid } = columnOf(Array.from({ length: 20 }, () => 'a'));
    for (const [given, bits, from, rows] of [
      [offsets, valid, 5, 16],
      [offsets, valid.subarray(0, 2), 0, 20],
      [offsets.subarray(0, 20), valid, 0, 20],
    ] as const) {
      expect(() => code(text, given, bits, from, new Int32Array(rows))).toThrow(RangeError);
    }
  });
});
