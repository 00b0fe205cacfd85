/**
 * The folds of a cross-validation: every row is held out in one fold, and in one only. What decides who goes together is what decides
 * a split (split-rows.ts): the rows, the number of folds and the seed.
 */
import { createPermutation } from '../random/permutation.js';
import { PURPOSE } from '../random/philox.js';
import { forEachKept, rankGroups } from './split-rows.js';

/** One fold of several. */
export interface Fold {
  /** 0 .. of - 1 */
  readonly index: number;
  readonly of: number;
  /** Of the cross-validation, the same for all folds. */
  readonly seed: number;
}

/**
 * Any rows: with the rows in an order of the seed, the fold's run of them. Sizes differ by one at most.
 *
 * @param slots [rows], `DROPPED` where a row takes no part
 * @returns [rows], 1 where a row is held out
 */
export function foldRows(slots: Uint32Array, fold: Fold): Uint8Array {
  let kept = 0;
  forEachKept(slots, () => kept++);
  const order = createPermutation(kept, fold.seed, PURPOSE.validationSplit, 0);
  const held = new Uint8Array(slots.length);
  let at = 0;
  forEachKept(slots, (row) => {
    if (Math.floor((order.at(at++) * fold.of) / kept) === fold.index) held[row] = 1;
  });
  return held;
}

/**
 * Of every class the same share: with the rows sorted by class, and in an order of the seed within each, every `of`-th. The rows of
 * a class in two folds differ by one at most.
 *
 * @param codes [rows] class indices
 */
export function foldClasses(slots: Uint32Array, codes: Uint32Array, classes: number, fold: Fold): Uint8Array {
  const counts = new Uint32Array(classes);
  forEachKept(slots, (row) => counts[codes[row]]++);
  const starts = new Uint32Array(classes);
  for (let c = 1; c < classes; c++) starts[c] = starts[c - 1] + counts[c - 1];
  const orders = Array.from(counts, (count, c) => createPermutation(count, fold.seed, PURPOSE.validationSplit, c));
  const seen = new Uint32Array(classes);
  const held = new Uint8Array(slots.length);
  forEachKept(slots, (row) => {
    const c = codes[row];
    if ((starts[c] + orders[c].at(seen[c]++)) % fold.of === fold.index) held[row] = 1;
  });
  return held;
}

/**
 * Whole groups: in an order of the seed, each goes to the fold that has fewest rows so far, the first of equals.
 *
 * @param codes [rows] indices into `texts`
 * @param texts what the groups are called, no two alike
 */
export function foldGroups(slots: Uint32Array, codes: Uint32Array, texts: readonly string[], fold: Fold): Uint8Array {
  const sizes = new Uint32Array(texts.length);
  forEachKept(slots, (row) => sizes[codes[row]]++);
  const filled = new Float64Array(fold.of);
  const foldOf = new Uint32Array(texts.length);
  for (const code of rankGroups(sizes, texts, fold.seed)) {
    foldOf[code] = filled.indexOf(Math.min(...filled));
    filled[foldOf[code]] += sizes[code];
  }
  const held = new Uint8Array(slots.length);
  forEachKept(slots, (row) => {
    if (foldOf[codes[row]] === fold.index) held[row] = 1;
  });
  return held;
}
