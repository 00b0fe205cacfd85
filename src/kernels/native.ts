/**
 * The C addon (src/kernels/native/): where it is, loading it, and its products as kernels on one memory.
 *
 * The addon has the three matrix products for wide vectors, with the bits of `wasm-fma`; everything else of the set
 * `native` is `wasm-fma` itself. A call through Node-API costs a few times a call into WebAssembly, so small products stay
 * there: since the bits are the same, the choice needs to be good and nothing more.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { distUrl } from '../memory/dist.js';
import type { Products } from './kernels.js';

/** A product that is given the memory, as float32, before the arguments of its kernel. Throws a RangeError on a bad call. */
type OnMemory<F extends (...numbers: never[]) => void> = (memory: Float32Array, ...numbers: Parameters<F>) => void;
export type NativeProducts = { readonly [P in keyof Products]: OnMemory<Products[P]> };

/** The products of each instruction set that this processor has, best first. */
export type Addon = Readonly<Record<string, NativeProducts>>;

/** What a thread needs to know to load the same products as the coordinator; can be posted. */
export interface AddonChoice {
  readonly path: string;
  readonly instructionSet: string;
}

/** Multiplications of a product from which on the addon is quicker than WebAssembly, its call included (measured). */
const LARGE = 6144;

/** Path of the addon for this platform, built here or shipped in the package; null when there is none. */
export function findAddon(): string | null {
  const name = `${process.platform}-${process.arch}.node`;
  const places = [distUrl(`native/${name}`), distUrl(`../prebuilds/${name}`)].map((url) => fileURLToPath(url));
  return places.find((path) => existsSync(path)) ?? null;
}

/**
 * Loads the addon into this thread.
 *
 * @throws Error when the system refuses to load it
 */
export function loadAddon(path: string): Addon {
  return createRequire(import.meta.url)(path) as Addon;
}

/** The products of one instruction set as kernels on a memory, whatever their size. */
export function bindProducts(native: NativeProducts, memory: WebAssembly.Memory): Products {
  const floats = new Float32Array(memory.buffer);
  return {
    gemmNN: (...numbers) => native.gemmNN(floats, ...numbers),
    gemmTN: (...numbers) => native.gemmTN(floats, ...numbers),
    gemmNT: (...numbers) => native.gemmNT(floats, ...numbers),
  };
}

/** Large products by the addon, small ones by WebAssembly. */
export function combineProducts(
  { path, instructionSet }: AddonChoice,
  memory: WebAssembly.Memory,
  wasm: Products,
): Products {
  const native = loadAddon(path)[instructionSet];
  if (native === undefined) throw new Error(`${path} has no products for ${instructionSet}`);
  const floats = new Float32Array(memory.buffer);
  return {
    gemmNN(m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace) {
      if (m * n * k < LARGE) wasm.gemmNN(m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace);
      else native.gemmNN(floats, m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace);
    },
    gemmTN(m, n, k, a, lda, b, ldb, c, ldc, epilogue, workspace) {
      if (m * n * k < LARGE) wasm.gemmTN(m, n, k, a, lda, b, ldb, c, ldc, epilogue, workspace);
      else native.gemmTN(floats, m, n, k, a, lda, b, ldb, c, ldc, epilogue, workspace);
    },
    gemmNT(m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace) {
      if (m * n * k < LARGE) wasm.gemmNT(m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace);
      else native.gemmNT(floats, m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace);
    },
  };
}
