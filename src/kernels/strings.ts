/** The kernel of the C addon that codes strings: what data/text-codes.ts does, in a quarter of the time. */
import { invariant } from '../errors.js';
import { type AddonChoice, CALL_LENGTH, KERNEL, loadAddon } from './native.js';

/**
 * Codes strings that lie one after the other, from number `from` on, by first appearance.
 *
 * @param text their bytes
 * @param offsets where each begins, one more than there are strings
 * @param valid a bit for each that is not missing; null: none is
 * @param codes [rows] to write to; -1 where missing
 * @returns of each code, the row (from 0) where it appears first; until the next call
 * @throws RangeError where a string does not lie in the text
 */
export type CodeStrings = (
  text: Uint8Array,
  offsets: Int32Array,
  valid: Uint8Array | null,
  from: number,
  codes: Int32Array,
) => Int32Array;

const ALL_VALID = new Uint8Array(0);

/** The kernel; null where there is none. */
export function createStringCoder(addon: AddonChoice | null): CodeStrings | null {
  if (addon === null) return null;
  const bind = loadAddon(addon.path)[addon.instructionSet];
  invariant(bind !== undefined, `${addon.path} has no kernels for ${addon.instructionSet}`);
  const call = new Float64Array(new SharedArrayBuffer(8 * CALL_LENGTH));
  const run = bind(new Float32Array(new SharedArrayBuffer(4)), call);
  let places = new Int32Array(2);
  let firsts = new Int32Array(2);
  return (text, offsets, valid, from, codes) => {
    const rows = codes.length;
    if (2 * rows > places.length) {
      places = new Int32Array(1 << (32 - Math.clz32(2 * rows - 1))); // a power of 2
      firsts = new Int32Array(places.length / 2 + 1);
    }
    call.set([KERNEL.codeStrings, from, rows]);
    run([text, offsets, valid ?? ALL_VALID, codes, firsts, places]);
    return firsts.subarray(0, firsts[firsts.length - 1]);
  };
}
