/**
 * Codes of strings that are still UTF-8 bytes: equal strings get equal codes, and only one of each is decoded. A column of a
 * hundred distinct strings then costs a hash and a comparison a row, a fifth of what decoding every row does.
 *
 * The C addon has a kernel that does the same (kernels/strings.ts), for text offsets of 32 bits; these are for the rest.
 *
 * Method: a hash table with open addressing over the bytes (FNV-1a; Fowler, Noll & Vo), each code known by where its first
 * occurrence lies. Bytes that differ are different strings: no normalisation.
 */
import type { CategoryValues } from './table.js';

export interface TextCoder {
  /**
   * Codes the next row: the string at bytes start .. end (exclusive).
   *
   * @throws RangeError where they do not lie in the text
   */
  add(start: number, end: number): void;
  /** The next row is missing. */
  addMissing(): void;
  /** Codes by first appearance. */
  values(): CategoryValues;
}

const FEWEST_PLACES = 256;
/** As the kernel of kernels/strings.ts says it. */
const OUTSIDE = 'a string does not lie in its text';

/**
 * @param text all strings, one after the other
 * @param rows how many rows will be added
 */
export function createTextCoder(text: Buffer, rows: number): TextCoder {
  const codes = new Int32Array(rows);
  let row = 0;
  /** Of each code: where its first occurrence begins and ends, and its hash. */
  const starts: number[] = [];
  const ends: number[] = [];
  const hashes: number[] = [];
  /** Place -> code; -1 where free. Twice as many places as codes, at least. */
  let places = new Int32Array(FEWEST_PLACES).fill(-1);

  function grow(): void {
    const mask = 2 * places.length - 1;
    places = new Int32Array(mask + 1).fill(-1);
    for (let code = 0; code < hashes.length; code++) {
      let place = hashes[code] & mask;
      while (places[place] >= 0) place = (place + 1) & mask;
      places[place] = code;
    }
  }

  function equal(code: number, start: number, length: number): boolean {
    const at = starts[code];
    if (ends[code] - at !== length) return false;
    for (let i = 0; i < length; i++) if (text[at + i] !== text[start + i]) return false;
    return true;
  }

  return {
    add(start, end) {
      if (!(start >= 0 && start <= end && end <= text.length)) throw new RangeError(OUTSIDE);
      let hash = 0x811c9dc5;
      for (let i = start; i < end; i++) hash = Math.imul(hash ^ text[i], 0x01000193);
      hash ^= hash >>> 15;
      const mask = places.length - 1;
      let place = hash & mask;
      for (;;) {
        const code = places[place];
        if (code < 0) break;
        if (hashes[code] === hash && equal(code, start, end - start)) {
          codes[row++] = code;
          return;
        }
        place = (place + 1) & mask;
      }
      const code = starts.push(start) - 1;
      ends.push(end);
      hashes.push(hash);
      places[place] = code;
      codes[row++] = code;
      if (2 * starts.length > places.length) grow();
    },
    addMissing() {
      codes[row++] = -1;
    },
    values: () => ({
      kind: 'category',
      codes,
      dictionary: starts.map((start, code) => text.toString('utf8', start, ends[code])),
    }),
  };
}
