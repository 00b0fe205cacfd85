/**
 * Products with a vector: layers of one output. The same chains over k as the matrix forms (a product with one column
 * padded to eight has the same bits), but the vector lanes run over rows (forward) or columns (the gradients).
 */
import { KC, RELU_MASK } from './constants';
import { interleaveHigh, interleaveLow, joinHigh, joinLow, keepWherePositive, madd } from './vector';

// @ts-ignore: decorator
@inline
/** Four steps of the chains of four rows at `a`; w holds the four weights. */
function fourSteps(chain: v128, a: usize, aRow: usize, w: usize): v128 {
  const row1 = a + aRow, row2 = row1 + aRow, row3 = row2 + aRow;
  const x0 = v128.load(a), x1 = v128.load(row1), x2 = v128.load(row2), x3 = v128.load(row3);
  const low01 = interleaveLow(x0, x1), low23 = interleaveLow(x2, x3);
  const high01 = interleaveHigh(x0, x1), high23 = interleaveHigh(x2, x3);
  chain = madd(joinLow(low01, low23), v128.load32_splat(w, 0), chain);
  chain = madd(joinHigh(low01, low23), v128.load32_splat(w, 4), chain);
  chain = madd(joinLow(high01, high23), v128.load32_splat(w, 8), chain);
  return madd(joinHigh(high01, high23), v128.load32_splat(w, 12), chain);
}

// @ts-ignore: decorator
@inline
/** One step of the chains of four rows: reads one element of each row and nothing beside it. */
function oneStep(chain: v128, a: usize, aRow: usize, w: usize): v128 {
  let x = v128.load32_zero(a);
  x = v128.load32_lane(a + aRow, x, 1);
  x = v128.load32_lane(a + (aRow << 1), x, 2);
  x = v128.load32_lane(a + aRow * 3, x, 3);
  return madd(x, v128.load32_splat(w), chain);
}

/** y[16] of 16 rows for one block of k: four independent groups of chains hide the latency of the multiply-add. */
function sixteenRows(k: i32, a: usize, aRow: usize, w: usize, y: usize, first: bool): void {
  const quad = aRow << 2;
  let chain0 = f32x4.splat(0), chain1 = f32x4.splat(0), chain2 = f32x4.splat(0), chain3 = f32x4.splat(0);
  for (; k >= 4; k -= 4) {
    let group = a;
    chain0 = fourSteps(chain0, group, aRow, w);
    group += quad;
    chain1 = fourSteps(chain1, group, aRow, w);
    group += quad;
    chain2 = fourSteps(chain2, group, aRow, w);
    group += quad;
    chain3 = fourSteps(chain3, group, aRow, w);
    a += 16;
    w += 16;
  }
  for (; k > 0; k--) {
    let group = a;
    chain0 = oneStep(chain0, group, aRow, w);
    group += quad;
    chain1 = oneStep(chain1, group, aRow, w);
    group += quad;
    chain2 = oneStep(chain2, group, aRow, w);
    group += quad;
    chain3 = oneStep(chain3, group, aRow, w);
    a += 4;
    w += 4;
  }
  if (!first) {
    chain0 = f32x4.add(chain0, v128.load(y, 0));
    chain1 = f32x4.add(chain1, v128.load(y, 16));
    chain2 = f32x4.add(chain2, v128.load(y, 32));
    chain3 = f32x4.add(chain3, v128.load(y, 48));
  }
  v128.store(y, chain0, 0);
  v128.store(y, chain1, 16);
  v128.store(y, chain2, 32);
  v128.store(y, chain3, 48);
}

/** y[4] of the last rows, as sixteenRows. */
function fourRows(k: i32, a: usize, aRow: usize, w: usize, y: usize, first: bool): void {
  let chain = f32x4.splat(0);
  for (; k >= 4; k -= 4) {
    chain = fourSteps(chain, a, aRow, w);
    a += 16;
    w += 16;
  }
  for (; k > 0; k--) {
    chain = oneStep(chain, a, aRow, w);
    a += 4;
    w += 4;
  }
  if (!first) chain = f32x4.add(chain, v128.load(y));
  v128.store(y, chain);
}

export function gemvForward(m: i32, k: i32, a: usize, lda: usize, w: usize, bias: usize, y: usize): void {
  const aRow = lda << 2;
  for (let start = 0; start == 0 || start < k; start += KC) {
    const kc = min(KC, k - start);
    const offset = <usize>start << 2;
    const first = start == 0;
    let rows = m, from = a + offset, to = y;
    for (; rows >= 16; rows -= 16) {
      sixteenRows(kc, from, aRow, w + offset, to, first);
      from += aRow << 4;
      to += 64;
    }
    for (; rows > 0; rows -= 4) {
      fourRows(kc, from, aRow, w + offset, to, first);
      from += aRow << 2;
      to += 16;
    }
  }
  const b = v128.load32_splat(bias);
  for (; m > 0; m -= 4) {
    v128.store(y, f32x4.add(v128.load(y), b));
    y += 16;
  }
}

/** g[32] of 32 columns: eight chains down the rows. */
function gradient32(k: i32, a: usize, aRow: usize, d: usize, g: usize, accumulate: i32): void {
  let g0 = f32x4.splat(0), g1 = f32x4.splat(0), g2 = f32x4.splat(0), g3 = f32x4.splat(0);
  let g4 = f32x4.splat(0), g5 = f32x4.splat(0), g6 = f32x4.splat(0), g7 = f32x4.splat(0);
  for (; k > 0; k--) {
    const x = v128.load32_splat(d);
    g0 = madd(v128.load(a, 0), x, g0);
    g1 = madd(v128.load(a, 16), x, g1);
    g2 = madd(v128.load(a, 32), x, g2);
    g3 = madd(v128.load(a, 48), x, g3);
    g4 = madd(v128.load(a, 64), x, g4);
    g5 = madd(v128.load(a, 80), x, g5);
    g6 = madd(v128.load(a, 96), x, g6);
    g7 = madd(v128.load(a, 112), x, g7);
    a += aRow;
    d += 4;
  }
  if (accumulate) {
    g0 = f32x4.add(g0, v128.load(g, 0));
    g1 = f32x4.add(g1, v128.load(g, 16));
    g2 = f32x4.add(g2, v128.load(g, 32));
    g3 = f32x4.add(g3, v128.load(g, 48));
    g4 = f32x4.add(g4, v128.load(g, 64));
    g5 = f32x4.add(g5, v128.load(g, 80));
    g6 = f32x4.add(g6, v128.load(g, 96));
    g7 = f32x4.add(g7, v128.load(g, 112));
  }
  v128.store(g, g0, 0);
  v128.store(g, g1, 16);
  v128.store(g, g2, 32);
  v128.store(g, g3, 48);
  v128.store(g, g4, 64);
  v128.store(g, g5, 80);
  v128.store(g, g6, 96);
  v128.store(g, g7, 112);
}

/** g[8] of the last columns, as gradient32. */
function gradient8(k: i32, a: usize, aRow: usize, d: usize, g: usize, accumulate: i32): void {
  let g0 = f32x4.splat(0), g1 = f32x4.splat(0);
  for (; k > 0; k--) {
    const x = v128.load32_splat(d);
    g0 = madd(v128.load(a, 0), x, g0);
    g1 = madd(v128.load(a, 16), x, g1);
    a += aRow;
    d += 4;
  }
  if (accumulate) {
    g0 = f32x4.add(g0, v128.load(g, 0));
    g1 = f32x4.add(g1, v128.load(g, 16));
  }
  v128.store(g, g0, 0);
  v128.store(g, g1, 16);
}

export function gemvWeightGradient(k: i32, n: i32, a: usize, lda: usize, d: usize, g: usize, accumulate: i32): void {
  const aRow = lda << 2;
  for (; n >= 32; n -= 32) {
    gradient32(k, a, aRow, d, g, accumulate);
    a += 128;
    g += 128;
  }
  for (; n > 0; n -= 8) {
    gradient8(k, a, aRow, d, g, accumulate);
    a += 32;
    g += 32;
  }
}

// @ts-ignore: decorator
@inline
/** One vector of C: a chain of one step that starts at 0, like every other, so that an exact -0 becomes 0. */
function outer(x: v128, w: v128, c: usize, mask: usize, masked: bool): void {
  let value = madd(x, w, f32x4.splat(0));
  if (masked) value = keepWherePositive(value, v128.load(mask));
  v128.store(c, value);
}

// @ts-ignore: decorator
@inline
/** C[m, 16] for 16 columns, with the weights in registers. */
function outer16(m: i32, d: usize, w: usize, c: usize, row: usize, mask: usize, masked: bool): void {
  const w0 = v128.load(w, 0), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
  for (; m > 0; m--) {
    const x = v128.load32_splat(d);
    outer(x, w0, c, mask, masked);
    outer(x, w1, c + 16, mask + 16, masked);
    outer(x, w2, c + 32, mask + 32, masked);
    outer(x, w3, c + 48, mask + 48, masked);
    d += 4;
    c += row;
    mask += row;
  }
}

// @ts-ignore: decorator
@inline
/** C[m, 8] for the last columns, as outer16. */
function outer8(m: i32, d: usize, w: usize, c: usize, row: usize, mask: usize, masked: bool): void {
  const w0 = v128.load(w, 0), w1 = v128.load(w, 16);
  for (; m > 0; m--) {
    const x = v128.load32_splat(d);
    outer(x, w0, c, mask, masked);
    outer(x, w1, c + 16, mask + 16, masked);
    d += 4;
    c += row;
    mask += row;
  }
}

export function gemvInputGradient(
  m: i32, n: i32, d: usize, w: usize, c: usize, ldc: usize, mask: usize, epilogue: i32,
): void {
  const row = ldc << 2;
  const masked = (epilogue & RELU_MASK) != 0;
  for (; n >= 16; n -= 16) {
    if (masked) outer16(m, d, w, c, row, mask, true);
    else outer16(m, d, w, c, row, mask, false);
    w += 64;
    c += 64;
    mask += 64;
  }
  if (n > 0) {
    if (masked) outer8(m, d, w, c, row, mask, true);
    else outer8(m, d, w, c, row, mask, false);
  }
}

/** One column: a chain of additions down a vector. */
function biasGradientOfOne(rows: i32, d: usize, g: usize, accumulate: i32): void {
  let sum: f32 = 0;
  for (; rows > 0; rows--) {
    sum += f32.load(d);
    d += 4;
  }
  f32.store(g, accumulate ? sum + f32.load(g) : sum);
}

export function biasGradient(rows: i32, n: i32, d: usize, ld: usize, g: usize, accumulate: i32): void {
  if (ld == 1) {
    biasGradientOfOne(rows, d, g, accumulate);
    return;
  }
  const row = ld << 2;
  for (; n > 0; n -= 8) {
    let g0 = f32x4.splat(0), g1 = f32x4.splat(0);
    let at = d;
    for (let i = rows; i > 0; i--) {
      g0 = f32x4.add(g0, v128.load(at, 0));
      g1 = f32x4.add(g1, v128.load(at, 16));
      at += row;
    }
    if (accumulate) {
      g0 = f32x4.add(g0, v128.load(g, 0));
      g1 = f32x4.add(g1, v128.load(g, 16));
    }
    v128.store(g, g0, 0);
    v128.store(g, g1, 16);
    d += 32;
    g += 32;
  }
}
