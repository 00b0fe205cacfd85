/**
 * The inner product kernel for N % 16 == 0: a column of tiles of C, each 2 rows by 16 columns.
 *
 * 8 accumulators + 4 vectors of B + 2 splats of A are 14 registers: V8 hoists the loads of one k step and spills beyond
 * about 15, which costs half the speed. The 8 chains are just as many as a fused unit with latency 4 and two issues a
 * cycle needs. k is not unrolled (that spills too).
 */
import { ACCUMULATE, BIAS, RELU, RELU_MASK } from './constants';
import { keepWherePositive, madd, relu } from './vector';

/**
 * C[m, 16] = epilogue(A[m, k] B[k, 16]), m a multiple of 2. Strides are in bytes: element (row r, step i) of tile t of A
 * is at a + t * aTile + r * aRow + i * aStep; row i of B at b + i * bStep; row r of C (and of the mask) at c + r * cRow.
 */
export function panel2x16(
  m: i32, k: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, c: usize, cRow: usize,
  bias: usize, mask: usize, epilogue: i32,
): void {
  for (; m > 0; m -= 2) {
    let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
    let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
    let a0 = a, a1 = a + aRow, bi = b;
    for (let i = k; i > 0; i--) {
      const b0 = v128.load(bi, 0), b1 = v128.load(bi, 16), b2 = v128.load(bi, 32), b3 = v128.load(bi, 48);
      const x0 = v128.load32_splat(a0);
      c00 = madd(x0, b0, c00);
      c01 = madd(x0, b1, c01);
      c02 = madd(x0, b2, c02);
      c03 = madd(x0, b3, c03);
      const x1 = v128.load32_splat(a1);
      c10 = madd(x1, b0, c10);
      c11 = madd(x1, b1, c11);
      c12 = madd(x1, b2, c12);
      c13 = madd(x1, b3, c13);
      a0 += aStep;
      a1 += aStep;
      bi += bStep;
    }
    const next = c + cRow;
    if (epilogue & ACCUMULATE) {
      c00 = f32x4.add(c00, v128.load(c, 0));
      c01 = f32x4.add(c01, v128.load(c, 16));
      c02 = f32x4.add(c02, v128.load(c, 32));
      c03 = f32x4.add(c03, v128.load(c, 48));
      c10 = f32x4.add(c10, v128.load(next, 0));
      c11 = f32x4.add(c11, v128.load(next, 16));
      c12 = f32x4.add(c12, v128.load(next, 32));
      c13 = f32x4.add(c13, v128.load(next, 48));
    }
    if (epilogue & BIAS) {
      const b0 = v128.load(bias, 0), b1 = v128.load(bias, 16), b2 = v128.load(bias, 32), b3 = v128.load(bias, 48);
      c00 = f32x4.add(c00, b0);
      c01 = f32x4.add(c01, b1);
      c02 = f32x4.add(c02, b2);
      c03 = f32x4.add(c03, b3);
      c10 = f32x4.add(c10, b0);
      c11 = f32x4.add(c11, b1);
      c12 = f32x4.add(c12, b2);
      c13 = f32x4.add(c13, b3);
    }
    if (epilogue & RELU) {
      c00 = relu(c00);
      c01 = relu(c01);
      c02 = relu(c02);
      c03 = relu(c03);
      c10 = relu(c10);
      c11 = relu(c11);
      c12 = relu(c12);
      c13 = relu(c13);
    }
    if (epilogue & RELU_MASK) {
      const below = mask + cRow;
      c00 = keepWherePositive(c00, v128.load(mask, 0));
      c01 = keepWherePositive(c01, v128.load(mask, 16));
      c02 = keepWherePositive(c02, v128.load(mask, 32));
      c03 = keepWherePositive(c03, v128.load(mask, 48));
      c10 = keepWherePositive(c10, v128.load(below, 0));
      c11 = keepWherePositive(c11, v128.load(below, 16));
      c12 = keepWherePositive(c12, v128.load(below, 32));
      c13 = keepWherePositive(c13, v128.load(below, 48));
    }
    v128.store(c, c00, 0);
    v128.store(c, c01, 16);
    v128.store(c, c02, 32);
    v128.store(c, c03, 48);
    v128.store(next, c10, 0);
    v128.store(next, c11, 16);
    v128.store(next, c12, 32);
    v128.store(next, c13, 48);
    a += aTile;
    c += cRow << 1;
    mask += cRow << 1;
  }
}
