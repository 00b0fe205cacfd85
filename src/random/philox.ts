/**
 * Philox4x32-10: a counter-based generator. Any draw is a pure function of (key, counter), so there is no state to share,
 * to order or to save: the same numbers for any number of workers, and after a resume.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; checked against the
 * known-answer vectors of its reference implementation. Not for cryptography.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of an unsigned 32 x 32 bit product, by 16-bit halves (every partial sum stays below 2^53). */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + (carry >>> 16)) >>> 0;
}

/** What a draw is for: two purposes never share a number. Values are part of the format; never renumber them. */
export const PURPOSE = {
  initialWeights: 1,
  rowOrder: 2,
  validationSplit: 3,
  groupOrder: 4,
  windowOrder: 5,
  shortGroup: 6,
  dropout: 7,
  initialEmbeddings: 8,
  initialPeriodic: 9,
  calibratedWeights: 10,
  calibratedBiases: 11,
  sample: 32,
  groupSplit: 33,
  member: 34,
  check: 64,
  tableSample: 65,
} as const;
export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];

/**
 * The four 32-bit words at a counter.
 *
 * @param out receives four unsigned words
 * @param key0 low word of the key
 * @param key1 high word of the key
 */
export function philox(
  out: Uint32Array,
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
): void {
  let [c0, c1, c2, c3] = [counter0 >>> 0, counter1 >>> 0, counter2 >>> 0, counter3 >>> 0];
  let [k0, k1] = [key0 >>> 0, key1 >>> 0];
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = multiplyHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * Four words for (seed, purpose, stream, index).
 *
 * @param seed a non-negative safe integer; both its halves enter the key
 * @param stream which sequence within the purpose (an epoch, a tensor), below 2^32
 * @param index position in the sequence, a non-negative safe integer
 */
export function draw(out: Uint32Array, seed: number, purpose: Purpose, stream: number, index: number): void {
  philox(
    out,
    seed >>> 0,
    Math.floor(seed / 0x100000000),
    index >>> 0,
    Math.floor(index / 0x100000000),
    stream,
    purpose,
  );
}

/** Fills `out` with floats uniform in [-bound, bound), element i a pure function of (seed, purpose, stream, i). 24 random bits each. */
export function fillUniform(out: Float32Array, bound: number, seed: number, purpose: Purpose, stream: number): void {
  const words = new Uint32Array(4);
  for (let i = 0; i < out.length; i++) {
    if (i % 4 === 0) draw(words, seed, purpose, stream, i / 4);
    out[i] = ((words[i % 4] >>> 8) / 0x800000 - 1) * bound;
  }
}
