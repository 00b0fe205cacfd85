/**
 * The three forms of a matrix product: blocks over k (KC), columns (NC) and rows (MC) around the tiles, and the choice
 * of what to pack. None of these choices shows in the bits: an element is one multiply-add chain over a block of k.
 *
 * Packing pays where the same values are read often enough from places that are far apart: with few k the unpacked
 * rows of B stay in the first-level cache anyway.
 */
import { ACCUMULATE, KC, MC, NC, PACKED_A_OFFSET } from './constants';
import { packA2, packA4, packB16, packB8, packTransposed } from './pack';
import { panel2x16 } from './tile2x16';
import { panel4x8 } from './tile4x8';

/** Up to this k the forms that can do without packing B do. */
const UNPACKED_K: i32 = 64;
/** Up to so many rows of A, B is read too few times to be packed. */
const UNPACKED_M: i32 = 16;
/** From this leading dimension (bytes) on the k steps of a transposed product are too far apart to go unpacked. */
const STRIDED_BYTES: usize = 1024;
/** Up to so many columns of C, a tile of A is read once or twice: packing it costs more than it saves. */
const UNPACKED_N: i32 = 16;

// @ts-ignore: decorator
@inline
/** The part of an epilogue that the block of k from `start` does: later blocks add, only the last one finishes. */
function blockEpilogue(epilogue: i32, start: i32, last: bool): i32 {
  const finishing = last ? epilogue & ~ACCUMULATE : 0;
  return finishing | (start > 0 ? ACCUMULATE : epilogue & ACCUMULATE);
}

// @ts-ignore: decorator
@inline
/** All tiles of C[m, n] for one block of k. `bPanel` is the distance between two panels of B, `aTile` between two rows of A. */
function block(
  wide: bool, m: i32, n: i32, k: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize,
  bPanel: usize, c: usize, cRow: usize, bias: usize, mask: usize, epilogue: i32,
): void {
  if (wide) {
    for (; n > 0; n -= 16) {
      panel2x16(m, k, a, aRow, aStep, aTile << 1, b, bStep, c, cRow, bias, mask, epilogue);
      b += bPanel << 4;
      c += 64;
      bias += 64;
      mask += 64;
    }
  } else {
    for (; n > 0; n -= 8) {
      panel4x8(m, k, a, aRow, aStep, aTile << 2, b, bStep, c, cRow, bias, mask, epilogue);
      b += bPanel << 3;
      c += 32;
      bias += 32;
      mask += 32;
    }
  }
}

export function gemmNN(
  m: i32, n: i32, k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
  bias: usize, epilogue: i32, workspace: usize,
): void {
  const wide = (n & 15) == 0;
  const aRow = lda << 2, bRow = ldb << 2, cRow = ldc << 2;
  if (k <= UNPACKED_K) {
    block(wide, m, n, k, a, aRow, 4, aRow, b, bRow, 4, c, cRow, bias, 0, epilogue);
    return;
  }
  const packed = m > UNPACKED_M;
  for (let start = 0; start < k; start += KC) {
    const kc = min(KC, k - start);
    const part = blockEpilogue(epilogue, start, start + kc == k);
    for (let j = 0; j < n; j += NC) {
      const nc = min(NC, n - j);
      const offset = <usize>j << 2;
      let bBlock = b + <usize>start * bRow + offset, bStep = bRow, bPanel: usize = 4;
      if (packed) {
        if (wide) packB16(kc, nc, bBlock, bRow, workspace);
        else packB8(kc, nc, bBlock, bRow, workspace);
        bBlock = workspace;
        bStep = wide ? 64 : 32;
        bPanel = <usize>kc << 2;
      }
      for (let i = 0; i < m; i += MC) {
        const mc = min(MC, m - i);
        const aBlock = a + <usize>i * aRow + (<usize>start << 2);
        block(wide, mc, nc, kc, aBlock, aRow, 4, aRow, bBlock, bStep, bPanel, c + <usize>i * cRow + offset, cRow, bias + offset, 0, part);
      }
    }
  }
}

export function gemmTN(
  m: i32, n: i32, k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
  epilogue: i32, workspace: usize,
): void {
  const wide = (n & 15) == 0;
  const aRow = lda << 2, bRow = ldb << 2, cRow = ldc << 2;
  if (k <= KC && bRow < STRIDED_BYTES && (n <= UNPACKED_N || aRow < STRIDED_BYTES)) {
    block(wide, m, n, k, a, 4, aRow, 4, b, bRow, 4, c, cRow, 0, 0, epilogue);
    return;
  }
  const packedA = workspace + PACKED_A_OFFSET;
  for (let start = 0, kc = min(KC, k); start == 0 || start < k; start += KC, kc = min(KC, k - start)) {
    const part = blockEpilogue(epilogue, start, start + kc == k);
    for (let j = 0; j < n; j += NC) {
      const nc = min(NC, n - j);
      const offset = <usize>j << 2;
      const bBlock = b + <usize>start * bRow + offset;
      if (wide) packB16(kc, nc, bBlock, bRow, workspace);
      else packB8(kc, nc, bBlock, bRow, workspace);
      for (let i = 0; i < m; i += MC) {
        const mc = min(MC, m - i);
        const aBlock = a + <usize>start * aRow + (<usize>i << 2);
        if (wide) packA2(kc, mc, aBlock, aRow, packedA);
        else packA4(kc, mc, aBlock, aRow, packedA);
        block(
          wide, mc, nc, kc, packedA, 4, wide ? 8 : 16, <usize>kc << 2, workspace, wide ? 64 : 32, <usize>kc << 2,
          c + <usize>i * cRow + offset, cRow, 0, 0, part,
        );
      }
    }
  }
}

export function gemmNT(
  m: i32, n: i32, k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
  mask: usize, epilogue: i32, workspace: usize,
): void {
  const wide = (n & 15) == 0;
  const width = wide ? 16 : 8;
  const aRow = lda << 2, bRow = ldb << 2, cRow = ldc << 2;
  for (let start = 0, kc = min(KC, k); start == 0 || start < k; start += KC, kc = min(KC, k - start)) {
    const part = blockEpilogue(epilogue, start, start + kc == k);
    for (let j = 0; j < n; j += NC) {
      const nc = min(NC, n - j);
      const offset = <usize>j << 2;
      packTransposed(kc, nc, width, b + <usize>j * bRow + (<usize>start << 2), bRow, workspace);
      for (let i = 0; i < m; i += MC) {
        const mc = min(MC, m - i);
        const cOffset = <usize>i * cRow + offset;
        block(
          wide, mc, nc, kc, a + <usize>i * aRow + (<usize>start << 2), aRow, 4, aRow,
          workspace, <usize>width << 2, <usize>kc << 2, c + cOffset, cRow, 0, mask + cOffset, part,
        );
      }
    }
  }
}
