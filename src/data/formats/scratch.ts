/**
 * Memory for the decoded values of one batch after the other: new arrays for each are pages to be cleared, and a garbage
 * collection every few batches.
 */
export interface Scratch {
  /** Gives all that was given before back, to be given again. */
  restart(): void;
  /** Arrays of whatever values. */
  float64(length: number): Float64Array;
  float32(length: number): Float32Array;
  int32(length: number): Int32Array;
}

export function createScratch(): Scratch {
  const buffers: ArrayBuffer[] = [];
  let next = 0;
  // Batches ask for the same in the same order: each buffer soon has the size of what it is asked for.
  const take = (bytes: number): ArrayBuffer => {
    const at = next++;
    if (at === buffers.length || buffers[at].byteLength < bytes) buffers[at] = new ArrayBuffer(bytes);
    return buffers[at];
  };
  return {
    restart() {
      next = 0;
    },
    float64: (length) => new Float64Array(take(8 * length), 0, length),
    float32: (length) => new Float32Array(take(4 * length), 0, length),
    int32: (length) => new Int32Array(take(4 * length), 0, length),
  };
}
