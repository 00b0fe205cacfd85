/**
 * A memory with one kernel set on it, for tests: blocks are placed side by side with fences between them, and a call is
 * checked to have changed nothing but its outputs. Padding and fences hold a NaN, so that a read of them shows too.
 */

import { type KernelName, type Kernels, WORKSPACE_BYTES } from '../../src/kernels/kernels.js';
import { chooseKernels, instantiateKernels } from '../../src/kernels/load.js';

/** The bits of a NaN that no arithmetic makes. */
const FENCE = 0x7fc0dead;
const FENCE_BYTES = 64;
const MEMORY_PAGES = 192;
/** Placed blocks lie below, the workspace (and a fence) above. */
const WORKSPACE = 160 * 65536;

export interface Arena {
  readonly kernels: Kernels;
  readonly words: Uint32Array;
  readonly floats: Float32Array;
  readonly workspace: number;
  /** Bytes in use. */
  top: number;
}

/** A matrix in the arena; `at` is its byte offset. */
export interface Region {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
  /** Leading dimension in float32. */
  readonly ld: number;
}

/** An arena whose kernels `instantiate` makes. */
export function createArena(instantiate: (memory: WebAssembly.Memory) => Kernels): Arena {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
  return {
    kernels: instantiate(memory),
    words: new Uint32Array(memory.buffer).fill(FENCE),
    floats: new Float32Array(memory.buffer),
    workspace: WORKSPACE,
    top: FENCE_BYTES,
  };
}

/** One for each set of WebAssembly; what `native` adds to them is tested against them in native.test.ts. */
export const ARENAS: readonly (readonly [KernelName, Arena])[] = (['wasm-fma', 'wasm-strict'] as const).map((name) => {
  const arena = createArena((memory) => instantiateKernels(chooseKernels(name), memory));
  return [name, arena] as const;
});

/** Forgets all blocks. */
export function reset(arena: Arena): void {
  arena.words.fill(FENCE, 0, arena.top / 4 + FENCE_BYTES);
  arena.top = FENCE_BYTES;
}

/** Puts a dense row-major matrix at a new 16-byte aligned place with leading dimension `ld`; padding columns hold NaN. */
export function place(arena: Arena, rows: number, columns: number, values: ArrayLike<number>, ld = columns): Region {
  const region = { at: arena.top, rows, columns, ld };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      arena.floats[region.at / 4 + row * ld + column] = values[row * columns + column]!;
    }
  }
  arena.top = Math.ceil((arena.top + rows * ld * 4) / 16) * 16 + FENCE_BYTES;
  if (arena.top > WORKSPACE) throw new Error('the arena is full');
  return region;
}

/** A vector. */
export function placeVector(arena: Arena, values: ArrayLike<number>): Region {
  return place(arena, 1, values.length, values);
}

/** What a matrix holds now, dense. */
export function read(arena: Arena, region: Region): Float32Array {
  const out = new Float32Array(region.rows * region.columns);
  const words = new Uint32Array(out.buffer);
  for (let row = 0; row < region.rows; row++) {
    const from = region.at / 4 + row * region.ld;
    words.set(arena.words.subarray(from, from + region.columns), row * region.columns);
  }
  return out;
}

/** Calls kernels and throws when a word outside `outputs` and the workspace has changed. */
export function call<T>(arena: Arena, outputs: readonly Region[], run: (kernels: Kernels) => T): T {
  const end = arena.top / 4;
  const expected = arena.words.slice(0, end);
  const result = run(arena.kernels);
  for (const { at, rows, columns, ld } of outputs) {
    for (let row = 0; row < rows; row++) {
      const from = at / 4 + row * ld;
      expected.set(arena.words.subarray(from, from + columns), from);
    }
  }
  const changed = expected.findIndex((word, i) => word !== arena.words[i]);
  if (changed >= 0) throw new Error(`word ${changed} is not an output and was changed`);
  const after = (WORKSPACE + WORKSPACE_BYTES) / 4;
  if (arena.words.subarray(after, after + 64).some((word) => word !== FENCE)) throw new Error('left the workspace');
  return result;
}
