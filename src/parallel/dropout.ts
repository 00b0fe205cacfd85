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
   * @param rate probability of a unit to be left out, from 0 to below 1
   */
  place(key: MaskKey, position: number, rate: number): void;
  /** to = what is left of from, [rows, columns] contiguous; of values going forward and of gradients going back alike. */
  apply(layer: number, from: number, to: number, rows: number, columns: number): void;
}

/** @param layers how many have it */
export function createDropout(layers: number, kernels: Kernels): Dropout {
  let keepBelow = 0;
  let scale = 0;
  const words = new Uint32Array(4);
  const keys = new Uint32Array(2 * layers);
  let current: MaskKey | null = null;
  let firstRow = 0;
  return {
    place(key, position, rate) {
      firstRow = position;
      keepBelow = Math.min(WORD - 1, Math.round((1 - rate) * WORD));
      scale = 1 / (1 - rate);
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
