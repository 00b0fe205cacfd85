/**
 * From a plan to the memory itself and to typed arrays over all of it. A byte offset of the plan divided by the element
 * size is an index into these views, and is itself a kernel's pointer.
 */
import type { Layout } from './layout.js';

export interface Views {
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** The one shared memory of a run: as large as the plan, zero, never grown. */
export function allocateMemory(layout: Layout): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: layout.pages, maximum: layout.pages, shared: true });
}

export function createViews(memory: WebAssembly.Memory): Views {
  const buffer = memory.buffer;
  return {
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  };
}
