import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatDuration,
  formatMegabytes,
  formatMetrics,
  formatNumber,
  formatTable,
  formatTime,
  networkWords,
} from '../../src/commands/format.js';
import { denseNetwork } from '../../src/nn/network.js';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [0.80123456, '0.8012'],
    [-12.3456, '-12.35'],
    [9999.6, '10000'],
    [50210.4, '50210'],
    [123456789, '123456789'],
    [1.23456e12, '1.235e+12'],
    [0.000123456, '0.0001235'],
    [1.23456e-7, '1.235e-7'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [null, 'undefined'],
  ])('%s is %s', (value, text) => expect(formatNumber(value)).toBe(text));
});

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [999.6, '1k'],
    [12_345, '12.3k'],
    [999_700, '1M'],
    [1_234_567, '1.23M'],
    [5e15, '5000T'],
  ])('%s is %s', (value, text) => expect(formatCount(value)).toBe(text));
});

describe('formatMegabytes', () => {
  it.each([
    [0, '0.0 MB'],
    [123_456, '0.1 MB'],
    [9_960_000, '10 MB'],
    [3.4e9, '3400 MB'],
  ])('%s is %s', (value, text) => expect(formatMegabytes(value)).toBe(text));
});

describe('formatDuration', () => {
  it.each([
    [0.04, '0.0s'],
    [9.94, '9.9s'],
    [9.96, '10s'],
    [59.4, '59s'],
    [59.6, '1m00s'],
    [185, '3m05s'],
    [3599.6, '1h00m'],
    [7620, '2h07m'],
    [Number.POSITIVE_INFINITY, '?'],
  ])('%s s is %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

it('formatMetrics names every score, also one that is not defined', () => {
  expect(formatMetrics({ rmse: 12.345, mae: 1, r2: null })).toBe('rmse 12.35  mae 1  r2 undefined');
});

it('formatTable aligns words to the left and numbers to the right', () => {
  const table = formatTable([
    ['column', 'mean'],
    ['a', '1.5'],
    ['long name', '-200'],
  ]);
  expect(table.split('\n')).toEqual(['column     mean', 'a           1.5', 'long name  -200']);
});

it('formatTable shows control characters instead of obeying them', () => {
  expect(formatTable([['a\nb\u001b[31m', '1']])).toBe('a\\nb\\u001b[31m  1');
});

describe('formatTime', () => {
  it.each([
    [0, '1970-01-01'],
    [1_709_209_800.25, '2024-02-29 12:30:00'],
    [-1, '1969-12-31 23:59:59'],
    [1e30, '1.000e+30'],
  ])('%s is %s', (seconds, text) => expect(formatTime(seconds)).toBe(text));
});

describe('networkWords', () => {
  const plain = denseNetwork([8, 64, 1], 'mish');
  it.each([
    [plain, '8-64-1, mish'],
    [{ ...plain, blend: true, inputScale: true }, '8-64-1, learned mish, learned input scale'],
    [{ ...plain, residual: true, layerNorm: true }, '8-64-1, mish, residual, layer norm'],
    [{ ...plain, periodic: 1, embeddings: [9] }, '8-64-1, mish, waves of 1 number, vectors for 1 column'],
    [{ ...plain, periodic: 8, embeddings: [9, 20] }, '8-64-1, mish, waves of 8 numbers, vectors for 2 columns'],
  ])('%j', (network, words) => expect(networkWords(network)).toBe(words));
});
