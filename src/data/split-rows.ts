/**
 * Ways to choose the rows to hold out, each giving a mark for every row of a file: 1 is held out. Rows that are marked as
 * `DROPPED` in the slots take no part.
 */
import { createPermutation } from '../random/permutation.js';
import { draw, PURPOSE } from '../random/philox.js';
import { hashOf } from './buckets.js';
import { DROPPED } from './split.js';

/**
 * Of every class the same share, as nearly as rows allow: with the rows sorted by class, and in an order of the seed within
 * each, every so-many-th is held out, round(fraction N) in all.
 *
 * @param codes [rows] class indices
 */
export function holdOutClasses(
  slots: Uint32Array,
  codes: Uint32Array,
  classes: number,
  fraction: number,
  seed: number,
): Uint8Array {
  const counts = new Uint32Array(classes);
  let kept = 0;
  forEachKept(slots, (row) => {
    counts[codes[row]]++;
    kept++;
  });
  const chosen = everySoMany(kept, Math.round(fraction * kept));
  const starts = new Uint32Array(classes);
  for (let c = 1; c < classes; c++) starts[c] = starts[c - 1] + counts[c - 1];
  const orders = Array.from(counts, (count, c) => createPermutation(count, seed, PURPOSE.validationSplit, c));
  const seen = new Uint32Array(classes);
  const held = new Uint8Array(slots.length);
  forEachKept(slots, (row) => {
    const c = codes[row];
    held[row] = chosen[starts[c] + orders[c].at(seen[c]++)];
  });
  return held;
}

/** Marks `count` of `places`, evenly spread: a line drawn in whole numbers. */
function everySoMany(places: number, count: number): Uint8Array {
  const chosen = new Uint8Array(places);
  let left = Math.floor(places / 2);
  for (let place = 0; place < places; place++) {
    left -= count;
    if (left >= 0) continue;
    chosen[place] = 1;
    left += places;
  }
  return chosen;
}

/**
 * The latest: round(fraction N) rows, of equal times the last of the file. A row without a time is not held out.
 *
 * @param times [rows], NaN where missing
 */
export function holdOutLatest(slots: Uint32Array, times: Float64Array, fraction: number): Uint8Array {
  const known = new Float64Array(slots.length);
  let [kept, count] = [0, 0];
  forEachKept(slots, (row) => {
    kept++;
    if (!Number.isNaN(times[row])) known[count++] = times[row];
  });
  const sorted = known.subarray(0, count).sort();
  const held = new Uint8Array(slots.length);
  let wanted = Math.min(count, Math.round(fraction * kept));
  if (wanted === 0) return held;
  const first = sorted[count - wanted];
  forEachKept(slots, (row) => {
    if (!(times[row] > first)) return;
    held[row] = 1;
    wanted--;
  });
  // Those at the first time, from the end of the file, as many as are still wanted.
  for (let row = slots.length - 1; wanted > 0; row--) {
    if (slots[row] === DROPPED || times[row] !== first) continue;
    held[row] = 1;
    wanted--;
  }
  return held;
}

/**
 * Whole groups: in an order that follows from the text of each and the seed, those whose middle row lies within the first
 * `fraction` of the rows; the first one at least, where there are several.
 *
 * @param codes [rows] indices into `texts`
 * @param texts what the groups are called, no two alike
 */
export function holdOutGroups(
  slots: Uint32Array,
  codes: Uint32Array,
  texts: readonly string[],
  fraction: number,
  seed: number,
): Uint8Array {
  const sizes = new Uint32Array(texts.length);
  let kept = 0;
  forEachKept(slots, (row) => {
    sizes[codes[row]]++;
    kept++;
  });
  const groups = rankGroups(sizes, texts, seed);
  const chosen = new Uint8Array(texts.length);
  let before = 0;
  for (const code of groups) {
    if (before + sizes[code] / 2 <= fraction * kept) chosen[code] = 1;
    before += sizes[code];
  }
  if (groups.length > 1) chosen[groups[0]] = 1;
  const held = new Uint8Array(slots.length);
  forEachKept(slots, (row) => {
    held[row] = chosen[codes[row]];
  });
  return held;
}

/** The groups that have rows, as codes, in an order that follows from the text of each and the seed. */
export function rankGroups(sizes: Uint32Array, texts: readonly string[], seed: number): number[] {
  const words = new Uint32Array(4);
  return texts
    .map((text, code) => {
      draw(words, seed, PURPOSE.groupSplit, 0, hashOf(text));
      return { code, text, rank: words[0] };
    })
    .filter(({ code }) => sizes[code] > 0)
    .sort((a, b) => a.rank - b.rank || (a.text < b.text ? -1 : 1))
    .map(({ code }) => code);
}

export function forEachKept(slots: Uint32Array, visit: (row: number) => void): void {
  for (let row = 0; row < slots.length; row++) if (slots[row] !== DROPPED) visit(row);
}
