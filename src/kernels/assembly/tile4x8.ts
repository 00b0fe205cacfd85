/**
 * The inner product kernel for N % 8 == 0: a column of tiles of C, each 4 rows by 8 columns.
 *
 * 8 accumulators + 2 vectors of B + 4 splats of A are 14 registers; see tile2x16.ts for why not more.
 */
import { ACCUMULATE, BIAS, RELU, RELU_MASK } from './constants';
import { keepWherePositive, madd, relu } from './vector';

/**
 * C[m, 8] = epilogue(A[m, k] B[k, 8]), m a multiple of 4. Strides are in bytes: element (row r, step i) of tile t of A is
 * at a + t * aTile + r * aRow + i * aStep; row i of B at b + i * bStep; row r of C (and of the mask) at c + r * cRow.
 */
export function panel4x8(
  m: i32, k: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, c: usize, cRow: usize,
  bias: usize, mask: usize, epilogue: i32,
): void {
  for (; m > 0; m -= 4) {
    let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
    let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow, bi = b;
    for (let i = k; i > 0; i--) {
      const b0 = v128.load(bi, 0), b1 = v128.load(bi, 16);
      const x0 = v128.load32_splat(a0);
      c00 = madd(x0, b0, c00);
      c01 = madd(x0, b1, c01);
      const x1 = v128.load32_splat(a1);
      c10 = madd(x1, b0, c10);
      c11 = madd(x1, b1, c11);
      const x2 = v128.load32_splat(a2);
      c20 = madd(x2, b0, c20);
      c21 = madd(x2, b1, c21);
      const x3 = v128.load32_splat(a3);
      c30 = madd(x3, b0, c30);
      c31 = madd(x3, b1, c31);
      a0 += aStep;
      a1 += aStep;
      a2 += aStep;
      a3 += aStep;
      bi += bStep;
    }
    const row1 = c + cRow, row2 = row1 + cRow, row3 = row2 + cRow;
    if (epilogue & ACCUMULATE) {
      c00 = f32x4.add(c00, v128.load(c, 0));
      c01 = f32x4.add(c01, v128.load(c, 16));
      c10 = f32x4.add(c10, v128.load(row1, 0));
      c11 = f32x4.add(c11, v128.load(row1, 16));
      c20 = f32x4.add(c20, v128.load(row2, 0));
      c21 = f32x4.add(c21, v128.load(row2, 16));
      c30 = f32x4.add(c30, v128.load(row3, 0));
      c31 = f32x4.add(c31, v128.load(row3, 16));
    }
    if (epilogue & BIAS) {
      const b0 = v128.load(bias, 0), b1 = v128.load(bias, 16);
      c00 = f32x4.add(c00, b0);
      c01 = f32x4.add(c01, b1);
      c10 = f32x4.add(c10, b0);
      c11 = f32x4.add(c11, b1);
      c20 = f32x4.add(c20, b0);
      c21 = f32x4.add(c21, b1);
      c30 = f32x4.add(c30, b0);
      c31 = f32x4.add(c31, b1);
    }
    if (epilogue & RELU) {
      c00 = relu(c00);
      c01 = relu(c01);
      c10 = relu(c10);
      c11 = relu(c11);
      c20 = relu(c20);
      c21 = relu(c21);
      c30 = relu(c30);
      c31 = relu(c31);
    }
    if (epilogue & RELU_MASK) {
      const mask1 = mask + cRow, mask2 = mask1 + cRow, mask3 = mask2 + cRow;
      c00 = keepWherePositive(c00, v128.load(mask, 0));
      c01 = keepWherePositive(c01, v128.load(mask, 16));
      c10 = keepWherePositive(c10, v128.load(mask1, 0));
      c11 = keepWherePositive(c11, v128.load(mask1, 16));
      c20 = keepWherePositive(c20, v128.load(mask2, 0));
      c21 = keepWherePositive(c21, v128.load(mask2, 16));
      c30 = keepWherePositive(c30, v128.load(mask3, 0));
      c31 = keepWherePositive(c31, v128.load(mask3, 16));
    }
    v128.store(c, c00, 0);
    v128.store(c, c01, 16);
    v128.store(row1, c10, 0);
    v128.store(row1, c11, 16);
    v128.store(row2, c20, 0);
    v128.store(row2, c21, 16);
    v128.store(row3, c30, 0);
    v128.store(row3, c31, 16);
    a += aTile;
    c += cRow << 2;
    mask += cRow << 2;
  }
}
