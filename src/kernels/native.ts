/**
 * The C addon (src/kernels/native/): where it is, loading it, and its part of a kernel set on one memory.
 *
 * The addon has the matrix products and the commonest updates for wide vectors, with the bits of `wasm-fma`; everything
 * else of the set `native` is `wasm-fma` itself. A call costs about what one into WebAssembly does, since its arguments
 * are written to shared memory and not passed (native/addon.c), so there is no size from which on it pays: it always does.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { distUrl } from '../memory/dist.js';
import type { NativeKernels } from './kernels.js';

/**
 * Binds one instruction set to a memory and to the numbers of a call, both on shared buffers. What it returns computes
 * what the numbers describe then, and throws a RangeError when that does not lie in the memory.
 */
export type BindKernels = (memory: Float32Array, call: Float64Array) => () => void;

/** An entry for each instruction set that this processor has, best first. */
export type Addon = Readonly<Record<string, BindKernels>>;

/** What a thread needs to know to load the same kernels as the coordinator; can be posted. */
export interface AddonChoice {
  readonly path: string;
  readonly instructionSet: string;
}

/** Numbers of a call: which kernel, then its arguments, in an order that calls.c shares. */
export const CALL_LENGTH = 15;

/** The kernels as the addon numbers them. */
export const KERNEL = { gemmNN: 0, gemmTN: 1, gemmNT: 2, updateSgd: 3, updateMomentum: 4, updateAdam: 5 } as const;

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

/** The kernels of one instruction set on a memory, which must be shared. */
export function bindNative(bind: BindKernels, memory: WebAssembly.Memory): NativeKernels {
  const call = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
  const run = bind(new Float32Array(memory.buffer), call);

  /** `extra` is the bias of NN and the mask of NT. */
  function product(
    kernel: number,
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
    call[0] = kernel;
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

  /** A rule with one slot gives it twice. */
  function update(
    kernel: number,
    count: number,
    p: number,
    g: number,
    m: number,
    v: number,
    divisor: number,
    l2: number,
    clip: number,
    constant0: number,
    constant1: number,
    constant2: number,
    constant3: number,
    constant4: number,
    constant5: number,
  ): void {
    call[0] = kernel;
    call[1] = count;
    call[2] = p;
    call[3] = g;
    call[4] = m;
    call[5] = v;
    call[6] = divisor;
    call[7] = l2;
    call[8] = clip;
    call[9] = constant0;
    call[10] = constant1;
    call[11] = constant2;
    call[12] = constant3;
    call[13] = constant4;
    call[14] = constant5;
    run();
  }

  return {
    gemmNN: (m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace) =>
      product(KERNEL.gemmNN, m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace),
    gemmTN: (m, n, k, a, lda, b, ldb, c, ldc, epilogue, workspace) =>
      product(KERNEL.gemmTN, m, n, k, a, lda, b, ldb, c, ldc, 0, epilogue, workspace),
    gemmNT: (m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace) =>
      product(KERNEL.gemmNT, m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace),
    updateSgd: (p, g, count, divisor, l2, clip, rate, weightDecay) =>
      update(KERNEL.updateSgd, count, p, g, p, p, divisor, l2, clip, rate, weightDecay, 0, 0, 0, 0),
    updateMomentum: (p, g, v, count, divisor, l2, clip, rate, weightDecay, momentum, nesterov) =>
      update(KERNEL.updateMomentum, count, p, g, v, v, divisor, l2, clip, rate, weightDecay, momentum, nesterov, 0, 0),
    updateAdam: (p, g, m, v, count, divisor, l2, clip, decay, beta1, beta2, stepSize, inverseRoot, epsilon) =>
      update(
        KERNEL.updateAdam,
        count,
        p,
        g,
        m,
        v,
        divisor,
        l2,
        clip,
        decay,
        beta1,
        beta2,
        stepSize,
        inverseRoot,
        epsilon,
      ),
  };
}
