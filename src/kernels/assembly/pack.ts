/**
 * Copies of a block of A or B in the order in which a tile reads it. Packing moves values and never changes one, so
 * whether and how a product packs does not show in its bits. All strides in bytes.
 */
import { interleaveHigh, interleaveLow, joinHigh, joinLow } from './vector';

/** B[k, n] as panels of 16 columns, each [k, 16] contiguous. n a multiple of 16. */
export function packB16(k: i32, n: i32, b: usize, bRow: usize, to: usize): void {
  for (let j = 0; j < n; j += 16) {
    let from = b + (<usize>j << 2);
    for (let i = k; i > 0; i--) {
      v128.store(to, v128.load(from, 0), 0);
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from, 32), 32);
      v128.store(to, v128.load(from, 48), 48);
      from += bRow;
      to += 64;
    }
  }
}

/** B[k, n] as panels of 8 columns, each [k, 8] contiguous. n a multiple of 8. */
export function packB8(k: i32, n: i32, b: usize, bRow: usize, to: usize): void {
  for (let j = 0; j < n; j += 8) {
    let from = b + (<usize>j << 2);
    for (let i = k; i > 0; i--) {
      v128.store(to, v128.load(from, 0), 0);
      v128.store(to, v128.load(from, 16), 16);
      from += bRow;
      to += 32;
    }
  }
}

/**
 * The transpose of B[n, k] as panels of `width` columns, each [k, width] contiguous: 4x4 blocks by shuffles, the last
 * k % 4 by single elements. n a multiple of width; width a multiple of 4.
 */
export function packTransposed(k: i32, n: i32, width: i32, b: usize, bRow: usize, to: usize): void {
  const step = <usize>width << 2;
  for (let j = 0; j < n; j += 4) {
    const column = j % width;
    let row0 = b + <usize>j * bRow, row1 = row0 + bRow, row2 = row1 + bRow, row3 = row2 + bRow;
    let at = to + (<usize>((j - column) * k + column) << 2);
    let i = k;
    for (; i >= 4; i -= 4) {
      const x0 = v128.load(row0), x1 = v128.load(row1), x2 = v128.load(row2), x3 = v128.load(row3);
      const low01 = interleaveLow(x0, x1), low23 = interleaveLow(x2, x3);
      const high01 = interleaveHigh(x0, x1), high23 = interleaveHigh(x2, x3);
      v128.store(at, joinLow(low01, low23));
      at += step;
      v128.store(at, joinHigh(low01, low23));
      at += step;
      v128.store(at, joinLow(high01, high23));
      at += step;
      v128.store(at, joinHigh(high01, high23));
      at += step;
      row0 += 16;
      row1 += 16;
      row2 += 16;
      row3 += 16;
    }
    for (; i > 0; i--) {
      f32.store(at, f32.load(row0), 0);
      f32.store(at, f32.load(row1), 4);
      f32.store(at, f32.load(row2), 8);
      f32.store(at, f32.load(row3), 12);
      at += step;
      row0 += 4;
      row1 += 4;
      row2 += 4;
      row3 += 4;
    }
  }
}

/** A[k, m], to be used transposed, as tiles of 2 of its columns, each [k, 2] contiguous. m a multiple of 4. */
export function packA2(k: i32, m: i32, a: usize, aRow: usize, to: usize): void {
  const second = <usize>k << 3;
  for (let j = 0; j < m; j += 4) {
    let from = a + (<usize>j << 2);
    for (let i = k; i > 0; i--) {
      const x = v128.load(from);
      v128.store64_lane(to, x, 0);
      v128.store64_lane(to + second, x, 1);
      from += aRow;
      to += 8;
    }
    to += second;
  }
}

/** A[k, m], to be used transposed, as tiles of 4 of its columns, each [k, 4] contiguous. m a multiple of 4. */
export function packA4(k: i32, m: i32, a: usize, aRow: usize, to: usize): void {
  for (let j = 0; j < m; j += 4) {
    let from = a + (<usize>j << 2);
    for (let i = k; i > 0; i--) {
      v128.store(to, v128.load(from));
      from += aRow;
      to += 16;
    }
  }
}
