/**
 * The C addon (src/kernels/native/): where it is, loading it, and its products as kernels on one memory.
 *
 * The addon has the three matrix products for wide vectors, with the bits of `wasm-fma`; everything else of the set
 * `native` is `wasm-fma` itself. A call costs about what one into WebAssembly does, since its arguments are written to
 * shared memory and not passed (native/addon.c), so there is no size from which on it pays: it always does.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { distUrl } from '../memory/dist.js';
import type { Products } from './kernels.js';

/**
 * Binds the products of one instruction set to a memory and to the numbers of a call, both on shared buffers. What it
 * returns computes the product that the numbers describe then, and throws a RangeError when they describe none.
 */
export type BindProducts = (memory: Float32Array, call: Float64Array) => () => void;

/** An entry for each instruction set that this processor has, best first. */
export type Addon = Readonly<Record<string, BindProducts>>;

/** What a thread needs to know to load the same products as the coordinator; can be posted. */
export interface AddonChoice {
  readonly path: string;
  readonly instructionSet: string;
}

/** The numbers of a call: the form, then the arguments of the kernel; `extra` is the bias of NN and the mask of NT. */
export const CALL_LENGTH = 13;

/** The forms as the addon numbers them. */
export const FORM = { NN: 0, TN: 1, NT: 2 } as const;

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

/** The products of one instruction set as kernels on a memory, which must be shared. */
export function bindProducts(bind: BindProducts, memory: WebAssembly.Memory): Products {
  const call = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
  const run = bind(new Float32Array(memory.buffer), call);

  function multiply(
    form: number,
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    b: number,
    ldb: number,
    c: number,
    ldc: number,
    extra: number,
    epilogue: number,
    workspace: number,
  ): void {
    call[0] = form;
    call[1] = m;
    call[2] = n;
    call[3] = k;
    call[4] = a;
    call[5] = lda;
    call[6] = b;
    call[7] = ldb;
    call[8] = c;
    call[9] = ldc;
    call[10] = extra;
    call[11] = epilogue;
    call[12] = workspace;
    run();
  }

  return {
    gemmNN: (m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace) =>
      multiply(FORM.NN, m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace),
    gemmTN: (m, n, k, a, lda, b, ldb, c, ldc, epilogue, workspace) =>
      multiply(FORM.TN, m, n, k, a, lda, b, ldb, c, ldc, 0, epilogue, workspace),
    gemmNT: (m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace) =>
      multiply(FORM.NT, m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace),
  };
}
