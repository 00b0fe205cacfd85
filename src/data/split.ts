/**
 * Which row goes where: the slots table gives every row of a file its place in the dataset. Training rows come first and
 * keep the file's order, then the rows held out for validation, in the file's order too.
 *
 * With N rows to share out at random, V = round(fraction x N) are held out: those whose image under a pseudo-random permutation of
 * 0..N-1 is among the last V. So the count is exact, and who is held out depends on (seed, N) alone.
 */
import { instantiateKernels, type KernelSource } from '../kernels/load.js';
import { createPermutation, type Permutation } from '../random/permutation.js';
import { PURPOSE } from '../random/philox.js';
import { fillByKernel, type RowOrder } from './order.js';

/** In a slots table: the row is left out. */
export const DROPPED = 0xffff_ffff;

/** Images computed at once; a page of WebAssembly memory holds them. */
const IMAGES = 4096;

export interface Split {
  readonly trainRows: number;
  readonly validationRows: number;
}

/** A slots table [rows] of 32-bit words that every thread can map. */
export function createSlots(rows: number): SharedArrayBuffer {
  return new SharedArrayBuffer(rows * 4);
}

/**
 * Gives a slot to every row that is not marked `DROPPED`.
 *
 * @param slots [rows], changed in place; its index counts rows of the file
 * @param fraction of the kept rows to hold out, 0 <= fraction <= 1
 * @param kernels compute the same faster
 */
export function splitRows(
  slots: Uint32Array,
  fraction: number,
  seed: number,
  kernels: KernelSource | null = null,
): Split {
  let kept = 0;
  for (let row = 0; row < slots.length; row++) if (slots[row] !== DROPPED) kept++;
  const validationRows = Math.round(fraction * kept);
  const trainRows = kept - validationRows;
  const permutation = createPermutation(kept, seed, PURPOSE.validationSplit, 0);
  const { order, images } = openImages(permutation, kernels);
  let [row, train, validation] = [0, 0, trainRows];
  for (let start = 0; start < kept; start += images.length) {
    const count = Math.min(images.length, kept - start);
    order.fill(images, start, count);
    for (let i = 0; i < count; i++) {
      while (slots[row] === DROPPED) row++;
      slots[row++] = images[i] >= trainRows ? validation++ : train++;
    }
  }
  return { trainRows, validationRows };
}

/** Images of a permutation, and where to put some of them. */
function openImages(
  permutation: Permutation,
  kernels: KernelSource | null,
): { readonly order: RowOrder; readonly images: Uint32Array } {
  if (kernels === null) return { order: permutation, images: new Uint32Array(IMAGES) };
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const order = fillByKernel(permutation, instantiateKernels(kernels, memory));
  return { order, images: new Uint32Array(memory.buffer, 0, IMAGES) };
}

/**
 * Gives a slot to every row that is not marked `DROPPED`.
 *
 * @param slots [rows], changed in place
 * @param held [rows], 1 where a row is held out
 */
export function placeHeld(slots: Uint32Array, held: Uint8Array): Split {
  let [trainRows, validationRows] = [0, 0];
  for (let row = 0; row < slots.length; row++) if (slots[row] !== DROPPED && held[row] === 0) trainRows++;
  let train = 0;
  for (let row = 0; row < slots.length; row++) {
    if (slots[row] === DROPPED) continue;
    slots[row] = held[row] === 0 ? train++ : trainRows + validationRows++;
  }
  return { trainRows, validationRows };
}

/**
 * Gives the kept rows consecutive slots.
 *
 * @param first the first slot
 * @returns how many rows were kept
 */
export function placeRows(slots: Uint32Array, first: number): number {
  let next = first;
  for (let row = 0; row < slots.length; row++) if (slots[row] !== DROPPED) slots[row] = next++;
  return next - first;
}
