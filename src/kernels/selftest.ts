/**
 * Proves at start that a kernel set computes what its name claims: one constant shows whether a multiply-add is fused,
 * one small product is compared bit by bit, and two sets can be compared with each other. Takes microseconds; it is no test
 * of every kernel (test/kernels is).
 */
import { EPILOGUE, type Kernels, type NativeKernels, WORKSPACE_BYTES } from './kernels.js';

/** The small product: M x N, chains of K. */
const M = 8;
const N = 16;
const K = 37;

const WORKSPACE = 0;
/** Where operands may lie. */
const OPERANDS = WORKSPACE + WORKSPACE_BYTES;

/** Pages of a memory that is large enough for the self-tests. */
export const SELF_TEST_PAGES = (WORKSPACE_BYTES >> 16) + 4;

// Byte offsets of the small product.
const A = OPERANDS;
const B = A + M * K * 4;
const C = B + K * N * 4;

/** The product that two sets are compared on: odd tiles, all widths of panels, more than one block of k. */
const ROWS = 28;
const COLUMNS = 56;
const STEPS = 300;

/**
 * @param kernels - on a memory of SELF_TEST_PAGES, which is overwritten.
 * @param buffer - that memory's buffer.
 * @returns what is wrong, in a few words, or undefined when everything is right.
 */
export function selfTest(kernels: Kernels, buffer: ArrayBufferLike): string | undefined {
  const fused = kernels.arithmetic === 'fma';
  const a = new Float32Array(buffer, A, M * K);
  const b = new Float32Array(buffer, B, K * N);
  const c = new Float32Array(buffer, C, M * N);

  // x * x = 1 + 2^-11 + 2^-24; rounded to float32 first, the last term is lost.
  const x = 1 + 1 / 4096;
  a.fill(0);
  b.fill(0);
  a.set([1, x]);
  b[0] = -(1 + 1 / 2048);
  b[N] = x;
  kernels.gemmNN(M, N, 2, A, K, B, N, C, N, 0, 0, WORKSPACE);
  const rest = c[0];
  if (rest !== (fused ? 1 / 16777216 : 0)) {
    return fused ? 'its multiply-add rounds twice on this processor' : 'its product and sum are not rounded separately';
  }

  // Factors of 13 bits: every product and every sum is exact in float64, so one Math.fround rounds once.
  fill(a, 1, 13);
  fill(b, 2, 13);
  kernels.gemmNN(M, N, K, A, K, B, N, C, N, 0, 0, WORKSPACE);
  for (let row = 0; row < M; row++) {
    for (let column = 0; column < N; column++) {
      let chain = 0;
      for (let k = 0; k < K; k++) {
        const product = a[row * K + k]! * b[k * N + column]!;
        chain = Math.fround(chain + (fused ? product : Math.fround(product)));
      }
      if (!Object.is(c[row * N + column], chain)) return `a product of ${M}x${K}x${N} has wrong bits`;
    }
  }
  return undefined;
}

/**
 * Compares two kernel sets on one memory, in what may be native: products with all of their epilogues, and updates.
 *
 * @param kernels - on a memory of SELF_TEST_PAGES, which is overwritten.
 * @param others - on the same memory.
 * @returns what differs, in a few words, or undefined when all bits are the same.
 */
export function compareKernels(
  kernels: NativeKernels,
  others: NativeKernels,
  buffer: ArrayBufferLike,
): string | undefined {
  const [m, n, k] = [ROWS, COLUMNS, STEPS];
  const a = OPERANDS;
  const b = a + m * k * 4;
  const bias = b + k * n * 4;
  const mask = bias + n * 4;
  const results = [mask + m * n * 4, mask + 2 * m * n * 4] as const;
  fill(new Float32Array(buffer, results[0], m * n), 4, 24);
  const before = new Uint32Array(buffer, results[0], m * n).slice();
  const count = m * n - 4;
  const runs: Record<keyof NativeKernels, (set: NativeKernels, result: number) => void> = {
    gemmNN: (set, c) => set.gemmNN(m, n, k, a, k, b, n, c, n, bias, EPILOGUE.bias | EPILOGUE.relu, WORKSPACE),
    gemmTN: (set, c) => set.gemmTN(m, n, k - 60, a, m, b, n, c, n, EPILOGUE.accumulate, WORKSPACE),
    gemmNT: (set, c) => set.gemmNT(m, n, k, a, k, b, k, c, n, mask, EPILOGUE.reluMask, WORKSPACE),
    updateSgd: (set, p) => set.updateSgd(p, a, count, 3, 0.1, 0.7, 0.1, 0.01),
    updateMomentum: (set, p) => set.updateMomentum(p, a, mask, count, 3, 0.1, 0.7, 0.1, 0.01, 0.9, 1),
    add: (set, x) => set.add(x, a, count),
    multiply: (set, x) => set.multiply(x, a, count),
    eluForward: (set, h) => set.eluForward(h, count, 1.05, 1.75),
    eluBackward: (set, d) => set.eluBackward(d, mask, count, 1.05, 1.75),
    mishForward: (set, h) => set.mishForward(h, a, count),
    blendForward: (set, h) => set.blendForward(h, a, b, mask, m, n - 4),
    blendGradient: (set, g) => set.blendGradient(m, n, a, b, g, 1),
    biasGradient: (set, g) => set.biasGradient(m, n, a, n + 4, g, 1),
    dropout: (set, to) => set.dropout(a, to, m, n - 4, 123_456_789, 987_654_321, 7, 3_000_000_000, 1.25),
    scaleRows: (set, to) => set.scaleRows(m, n - 4, a, b, to),
    periodicForward: (set, y) => set.periodicForward(m, 5, a, 9, b, bias, mask, bias, y, n),
    periodicGradient: (set, g) =>
      set.periodicGradient(m - 1, 5, a, 9, b, n, b, bias, mask, g, g + 400, g + 800, g + 2000, 1, WORKSPACE),
    updateAdam: (set, p) => set.updateAdam(p, a, mask, b, count, 3, 0.1, 0.7, 0.9, 0.9, 0.999, 0.1, 1.5, 1e-3),
  };
  const operands = new Float32Array(buffer, a, (results[0] - a) / 4);
  const squares = new Float32Array(buffer, b, count);
  for (const [name, run] of Object.entries(runs)) {
    const [mine, theirs] = [kernels, others].map((set, i) => {
      fill(operands, 3, 24);
      squares.set(squares.map(Math.abs)); // no roots of negative numbers: the bits of a NaN are nobody's promise
      const words = new Uint32Array(buffer, results[i], m * n);
      words.set(before);
      run(set, results[i]!);
      return words;
    });
    if (mine!.some((word, at) => word !== theirs![at])) return `${name} has other bits`;
  }
  return undefined;
}

/** Numbers with a sign and so many bits in all, at most 24, that depend on the seed alone. */
function fill(values: Float32Array, seed: number, bits: number): void {
  let state = seed;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[i] = (state >> (32 - bits)) / 256;
  }
}
