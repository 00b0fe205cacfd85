/**
 * The C addon (src/kernels/native/): where it is, loading it, and its part of a kernel set on one memory.
 *
 * The addon has the matrix products, the commonest updates and what the recipe's steps do element by element, for wide vectors and
 * with the bits of `wasm-fma`, gathers rows, codes strings (strings.ts), and fills and measures tables (table.ts); everything else
 * of the set `native` is `wasm-fma` itself. A call costs about what one into WebAssembly does, since its arguments are written to
 * shared memory and not passed (native/addon.c), so there is no size from which on it pays: it always does.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { distUrl } from '../memory/dist.js';
import type { GatherRows, Kernels, NativeKernels } from './kernels.js';

/**
 * Binds one instruction set to a memory, to the numbers of a call and to the rows of a table, if there are any; all on shared
 * buffers. What it returns computes what the numbers describe then, and throws a RangeError when that does not lie there.
 */
export type BindKernels = (memory: Float32Array, call: Float64Array, table?: Float32Array) => RunKernel;

/** `arrays` are for the kernels of decoded columns (table.ts, strings.ts). */
export type RunKernel = (arrays?: readonly (ArrayBufferView | undefined)[]) => void;

/** An entry for each instruction set that this processor has, best first. */
export type Addon = Readonly<Record<string, BindKernels>>;

/** What a thread needs to know to load the same kernels as the coordinator; can be posted. */
export interface AddonChoice {
  readonly path: string;
  readonly instructionSet: string;
}

/** Numbers of a call: which kernel, then its arguments, in an order that calls.c shares. */
export const CALL_LENGTH = 16;

/** The kernels as the addon numbers them. */
export const KERNEL = {
  gemmNN: 0,
  gemmTN: 1,
  gemmNT: 2,
  updateSgd: 3,
  updateMomentum: 4,
  updateAdam: 5,
  add: 6,
  multiply: 7,
  eluForward: 8,
  eluBackward: 9,
  mishForward: 10,
  blendForward: 11,
  blendGradient: 12,
  biasGradient: 13,
  dropout: 14,
  scaleRows: 15,
  periodicForward: 16,
  periodicGradient: 17,
  gatherRows: 18,
  measureRows: 19,
  standardiseRows: 20,
  writeColumns: 21,
  codeStrings: 22,
} as const;

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

/** Gathers rows of a table, which must be shared, into a memory. */
function bindGather(bind: BindKernels, memory: WebAssembly.Memory, table: Float32Array): GatherRows {
  const call = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
  const run = bind(new Float32Array(memory.buffer), call, table);
  return (rows, slots, stride, numbers, x, ldx, targetAt, targets, y, weights) => {
    call[0] = KERNEL.gatherRows;
    call[1] = rows;
    call[2] = slots;
    call[3] = stride;
    call[4] = numbers;
    call[5] = x;
    call[6] = ldx;
    call[7] = targetAt;
    call[8] = targets;
    call[9] = y;
    call[10] = weights;
    run();
  };
}

/** The kernels of one instruction set on a memory, which must be shared. */
export function bindNative(
  bind: BindKernels,
  memory: WebAssembly.Memory,
): NativeKernels & Required<Pick<Kernels, 'gatherFrom'>> {
  const call = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
  const run = bind(new Float32Array(memory.buffer), call);

  /** Up to so many numbers; those that a kernel has no use for stay what they were. */
  function perform(
    kernel: number,
    n1: number,
    n2: number,
    n3: number,
    n4: number,
    n5 = 0,
    n6 = 0,
    n7 = 0,
    n8 = 0,
    n9 = 0,
    n10 = 0,
    n11 = 0,
    n12 = 0,
    n13 = 0,
    n14 = 0,
    n15 = 0,
  ): void {
    call[0] = kernel;
    call[1] = n1;
    call[2] = n2;
    call[3] = n3;
    call[4] = n4;
    call[5] = n5;
    call[6] = n6;
    call[7] = n7;
    call[8] = n8;
    call[9] = n9;
    call[10] = n10;
    call[11] = n11;
    call[12] = n12;
    call[13] = n13;
    call[14] = n14;
    call[15] = n15;
    run();
  }

  return {
    gatherFrom: (table) => bindGather(bind, memory, table),
    gemmNN: (m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace) =>
      perform(KERNEL.gemmNN, m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace),
    gemmTN: (m, n, k, a, lda, b, ldb, c, ldc, epilogue, workspace) =>
      perform(KERNEL.gemmTN, m, n, k, a, lda, b, ldb, c, ldc, 0, epilogue, workspace),
    gemmNT: (m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace) =>
      perform(KERNEL.gemmNT, m, n, k, a, lda, b, ldb, c, ldc, mask, epilogue, workspace),
    // A rule with one slot gives it twice.
    updateSgd: (p, g, count, divisor, l2, clip, rate, weightDecay) =>
      perform(KERNEL.updateSgd, count, p, g, p, p, divisor, l2, clip, rate, weightDecay),
    updateMomentum: (p, g, v, count, divisor, l2, clip, rate, weightDecay, momentum, nesterov) =>
      perform(KERNEL.updateMomentum, count, p, g, v, v, divisor, l2, clip, rate, weightDecay, momentum, nesterov),
    updateAdam: (p, g, m, v, count, divisor, l2, clip, decay, beta1, beta2, stepSize, root, epsilon) =>
      perform(KERNEL.updateAdam, count, p, g, m, v, divisor, l2, clip, decay, beta1, beta2, stepSize, root, epsilon),
    add: (destination, source, count) => perform(KERNEL.add, count, destination, source, 0),
    multiply: (d, slope, count) => perform(KERNEL.multiply, count, d, slope, 0),
    eluForward: (h, count, scale, alpha) => perform(KERNEL.eluForward, count, h, h, scale, alpha),
    eluBackward: (d, h, count, scale, alpha) => perform(KERNEL.eluBackward, count, d, h, scale, alpha),
    mishForward: (h, slope, count) => perform(KERNEL.mishForward, count, h, slope, 0),
    blendForward: (h, z, slope, a, rows, columns) => perform(KERNEL.blendForward, rows, columns, h, z, slope, a),
    blendGradient: (rows, n, d, bend, g, accumulate) =>
      perform(KERNEL.blendGradient, rows, n, d, n, bend, g, accumulate),
    biasGradient: (rows, n, d, ld, g, accumulate) => perform(KERNEL.biasGradient, rows, n, d, ld, d, g, accumulate),
    dropout: (from, to, rows, columns, rowKey, unitKey, firstRow, keepBelow, scale) =>
      perform(
        KERNEL.dropout,
        rows,
        columns,
        from,
        to,
        rowKey >>> 0,
        unitKey >>> 0,
        firstRow >>> 0,
        keepBelow >>> 0,
        scale,
      ),
    scaleRows: (rows, columns, w, s, to) => perform(KERNEL.scaleRows, rows, columns, w, s, to),
    periodicForward: (rows, numbers, x, ldx, frequency, phase, weight, bias, y, ldy) =>
      perform(KERNEL.periodicForward, rows, numbers, x, ldx, frequency, phase, weight, bias, y, ldy),
    periodicGradient: (
      rows,
      numbers,
      x,
      ldx,
      d,
      ldd,
      frequency,
      phase,
      weight,
      gFrequency,
      gPhase,
      gWeight,
      gBias,
      accumulate,
      workspace,
    ) =>
      perform(
        KERNEL.periodicGradient,
        rows,
        numbers,
        x,
        ldx,
        d,
        ldd,
        frequency,
        phase,
        weight,
        gFrequency,
        gPhase,
        gWeight,
        gBias,
        accumulate,
        workspace,
      ),
  };
}
