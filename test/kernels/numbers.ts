/** Numbers for kernel tests: reproducible values, exact float32 arithmetic, and comparisons by bits and by ulp. */

import { KC, type Kernels } from '../../src/kernels/kernels.js';

const scratch = new DataView(new ArrayBuffer(8));

/** What values() mixes into its numbers. */
export type Mixture =
  /** about [-2, 2] */
  | 'plain'
  /** magnitudes 2^-30 to 2^30, with zeros of both signs and denormals */
  | 'wild'
  /** wild, with infinities and NaN */
  | 'special';

/** `count` float32 numbers that depend on the seed alone. */
export function values(seed: number, count: number, mixture: Mixture = 'plain'): Float32Array {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
  return Float32Array.from({ length: count }, () => {
    const value = next() * 4 - 2;
    if (mixture === 'plain') return value;
    const choice = Math.floor(next() * 64);
    if (choice === 0) return 0;
    if (choice === 1) return -0;
    if (choice === 2) return value * 2 ** -140;
    if (mixture === 'special' && choice === 3) return Infinity;
    if (mixture === 'special' && choice === 4) return -Infinity;
    if (mixture === 'special' && choice === 5) return NaN;
    return value * 2 ** Math.floor(next() * 60 - 30);
  });
}

/**
 * a * b + c rounded once to float32. The product is exact in float64. Its sum with c is rounded to odd there (Boldo &
 * Melquiond 2008): when inexact, to the neighbour with an odd last bit; rounding that to float32 rounds only once.
 */
export function fma32(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  if (!Number.isFinite(sum)) return Math.fround(sum);
  const part = sum - product;
  const error = product - (sum - part) + (c - part); // Knuth's two-sum: exactly what rounding lost
  if (error === 0) return Math.fround(sum);
  scratch.setFloat64(0, sum);
  const bits = scratch.getBigInt64(0);
  if ((bits & 1n) === 1n) return Math.fround(sum);
  scratch.setBigInt64(0, error > 0 === sum > 0 ? bits + 1n : bits - 1n);
  return Math.fround(scratch.getFloat64(0));
}

/** a * b + c with a rounding after each operation. */
export function mulAdd32(a: number, b: number, c: number): number {
  return Math.fround(Math.fround(a * b) + c);
}

/** Index of the first difference in bits, -1 when there is none; one NaN is as good as another, 0 and -0 differ. */
export function firstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return 0;
  for (let i = 0; i < actual.length; i++) if (!Object.is(actual[i], expected[i])) return i;
  return -1;
}

/** The distance between two neighbouring float32 at the magnitude of x; at least the smallest denormal. */
export function ulp32(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 2 ** -126) return 2 ** -149;
  scratch.setFloat64(0, Math.min(magnitude, 2 ** 127));
  const exponent = (scratch.getUint16(0) >> 4) - 1023;
  return 2 ** (exponent - 23);
}

/** The chain of kernels.ts: k from 0 in blocks of KC; later blocks are added to the first. */
export function chain(
  arithmetic: Kernels['arithmetic'],
  k: number,
  left: (i: number) => number,
  right: (i: number) => number,
) {
  const madd = arithmetic === 'fma' ? fma32 : mulAdd32;
  let c = 0;
  for (let start = 0; start === 0 || start < k; start += KC) {
    let sum = 0;
    for (let i = start; i < Math.min(k, start + KC); i++) sum = madd(left(i), right(i), sum);
    c = start === 0 ? sum : Math.fround(sum + c);
  }
  return c;
}
