/** Random numbers that are not uniform, made of Philox words by our own logarithm and cosine: the same bits on every engine. */
import { naturalLogarithm } from '../kernels/logarithm.js';
import { cosineOfTurn, sineOfTurn } from '../kernels/trigonometry.js';
import { draw, type Purpose } from '../random/philox.js';

const TWO_POW_MINUS_32 = 1 / 0x100000000;

/** Above 0, at most 1. */
const aboveZero = (word: number): number => (word + 1) * TWO_POW_MINUS_32;

/**
 * Fills `out` with normal numbers of mean 0 and variance 1 (Box & Muller 1958), element i a pure function of (seed, purpose, stream,
 * i).
 */
export function fillNormal(out: Float32Array, seed: number, purpose: Purpose, stream: number): void {
  const words = new Uint32Array(4);
  for (let i = 0; i < out.length; i++) {
    if (i % 4 === 0) draw(words, seed, purpose, stream, i / 4);
    const pair = (i % 4) & 2;
    const radius = Math.sqrt(-2 * naturalLogarithm(aboveZero(words[pair])));
    const turn = words[pair + 1] * TWO_POW_MINUS_32;
    out[i] = radius * (i % 2 === 0 ? cosineOfTurn(turn) : sineOfTurn(turn));
  }
}

/** Weights of a point drawn evenly from a simplex of `count` corners: exponential numbers over their sum. */
export function simplexWeights(words: readonly number[]): number[] {
  const exponential = words.map((word) => -naturalLogarithm(aboveZero(word)));
  const sum = exponential.reduce((total, value) => total + value, 0);
  // All words at their largest: never seen, and still a point of the simplex.
  return exponential.map((value) => (sum === 0 ? 1 / words.length : value / sum));
}
