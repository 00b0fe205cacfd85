/**
 * Dropout of one worker: which units of the hidden layers are left out, for the rows of the block in work. A pure function of
 * (seed, epoch, position of the row in the epoch, layer, unit), so neither workers nor shards show in it.
 */
import type { Kernels } from '../kernels/kernels.js';
import { draw, PURPOSE } from '../random/philox.js';

const WORD = 0x1_0000_0000;

/** What tells the masks of one epoch from those of others. */
export interface MaskKey {
  readonly seed: number;
  readonly epoch: number;
}

export interface Dropout {
  /**
   * Chooses the rows that `apply` is about.
   *
   * @param position of the block's first row in the order of the epoch
   */
  place(key: MaskKey, position: number): void;
  /** to = what is left of from, [rows, columns] contiguous; of values going forward and of gradients going back alike. */
  apply(layer: number, from: number, to: number, rows: number, columns: number): void;
}

/**
 * @param rate probability of a unit to be left out, above 0 and below 1
 * @param layers how many have it
 */
export function createDropout(rate: number, layers: number, kernels: Kernels): Dropout {
  const keepBelow = Math.min(WORD - 1, Math.round((1 - rate) * WORD));
  const scale = 1 / (1 - rate);
  const words = new Uint32Array(4);
  const keys = new Uint32Array(2 * layers);
  let current: MaskKey | null = null;
  let firstRow = 0;
  return {
    place(key, position) {
      firstRow = position;
      if (key.seed === current?.seed && key.epoch === current.epoch) return;
      current = key;
      for (let layer = 0; layer < layers; layer++) {
        draw(words, key.seed, PURPOSE.dropout, key.epoch, layer);
        keys.set(words.subarray(0, 2), 2 * layer);
      }
    },
    apply(layer, from, to, rows, columns) {
      kernels.dropout(from, to, rows, columns, keys[2 * layer], keys[2 * layer + 1], firstRow, keepBelow, scale);
    },
  };
}
