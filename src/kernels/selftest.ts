/**
 * Proves at start that a kernel set computes what its name claims: one constant shows whether a multiply-add is fused,
 * one small product is compared bit by bit. Takes microseconds; it is no test of every kernel (test/kernels is).
 */
import type { Kernels } from './kernels.js';

/** The product: M x N, chains of K. */
const M = 8;
const N = 16;
const K = 37;

// Byte offsets in the scratch memory.
const A = 0;
const B = A + M * K * 4;
const C = B + K * N * 4;
const WORKSPACE = C + M * N * 4;

/**
 * @param kernels - on a memory of at least two pages, which is overwritten.
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
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 19) / 256;
  };
  for (let i = 0; i < a.length; i++) a[i] = next();
  for (let i = 0; i < b.length; i++) b[i] = next();
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
