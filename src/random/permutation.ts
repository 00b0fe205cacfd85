/**
 * A pseudo-random permutation of 0..size-1 whose value at any position is computed on its own: no array of indices,
 * nothing to shuffle, nothing to share. It gives the row order of an epoch and the rows held out for validation.
 *
 * Method: a generalised Feistel network (Black & Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002) on pairs
 * (left, right) of Z_a x Z_b with a = ceil(sqrt(size)) and b = ceil(size / a), four rounds with a multiply-xorshift mixer
 * (sixteen for tables so small that four are seen to favour some orders); a value beyond `size` is sent through again
 * ("cycle walking"; the domain is at most a rows larger than `size`, so this is rare). Not for cryptography.
 */
import { ParagradError } from '../errors.js';
import { draw, type Purpose } from './philox.js';

/** Most rows of a permutation: positions fit 32 bits, and the last value is kept free as a mark. */
export const MAX_PERMUTATION = 0xffff_ffff;

export interface Permutation {
  readonly size: number;
  /** Its moduli and round keys, four or sixteen: for kernels that compute it faster. */
  readonly constants: { readonly a: number; readonly b: number; readonly keys: Int32Array };
  /** Image of `position`, 0 <= position < size. */
  at(position: number): number;
  /** out[0..count) = images of positions start .. start + count. */
  fill(out: Uint32Array, start: number, count: number): void;
}

/** Below this many rows there are few orders, and four rounds do not reach them evenly. */
const SMALL = 256;
const TWO_POW_MINUS_32 = 1 / 0x100000000;

/** A 32-bit mixer: xor the round key, two multiplications, two xorshifts. */
function mix(x: number, key: number): number {
  let h = Math.imul(x ^ key, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/**
 * The permutation of (seed, purpose, stream).
 *
 * @param size number of positions, 0 <= size < 2^32
 * @param stream the epoch, or 0 where there is only one
 * @throws ParagradError `too_many_rows`
 */
export function createPermutation(size: number, seed: number, purpose: Purpose, stream: number): Permutation {
  if (!(size >= 0 && size < MAX_PERMUTATION)) {
    throw new ParagradError(
      'too_many_rows',
      `a table of ${size} rows is too long: at most ${MAX_PERMUTATION - 1} rows can be ordered`,
    );
  }
  const keys = new Int32Array(size < SMALL ? 16 : 4);
  const words = new Uint32Array(4);
  for (let i = 0; i < keys.length; i += 4) {
    draw(words, seed, purpose, stream, i / 4);
    keys.set(words, i);
  }
  const a = Math.ceil(Math.sqrt(size));
  const b = a === 0 ? 0 : Math.ceil(size / a);
  // (mixed 32-bit word) * modulus < 2^48: exact in float64, so the product's integer part is a uniform residue.
  const scaleA = a * TWO_POW_MINUS_32;
  const scaleB = b * TWO_POW_MINUS_32;

  // Sums are brought back below the modulus without a branch: half of them would be mispredicted.
  function encrypt(left: number, right: number): number {
    let l = left | 0;
    let r = right | 0;
    for (;;) {
      for (let round = 0; round < keys.length; round += 2) {
        l = (l + ((mix(r, keys[round]) * scaleA) | 0) - a) | 0;
        l += a & (l >> 31);
        r = (r + ((mix(l, keys[round + 1]) * scaleB) | 0) - b) | 0;
        r += b & (r >> 31);
      }
      const image = r * a + l;
      if (image < size) return image;
    }
  }

  return {
    size,
    constants: { a, b, keys },
    at(position) {
      const right = Math.floor(position / a);
      return encrypt(position - right * a, right);
    },
    fill(out, start, count) {
      let right = Math.floor(start / a);
      let left = start - right * a;
      for (let i = 0; i < count; i++) {
        out[i] = encrypt(left, right);
        if (++left === a) {
          left = 0;
          right++;
        }
      }
    },
  };
}
