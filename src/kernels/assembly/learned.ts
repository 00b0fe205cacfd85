/**
 * Learned pieces of a dense network: how much of its activation a unit takes, and a factor for each input, which is kept as a factor
 * of the rows of the first weight. Four float32 at a time, every operation rounded once.
 */

/**
 * The blend z + a (h - z), a[columns], of an activation h of z, in place: h becomes the blend, z how far the activation moved it
 * (h - z), and slope, unless it is 0, the blend's derivative by z, 1 + a (slope - 1). columns a multiple of 4.
 */
export function blendForward(h: usize, z: usize, slope: usize, a: usize, rows: i32, columns: i32): void {
  const one = f32x4.splat(1);
  const width = <usize>columns << 2;
  for (; rows > 0; rows--) {
    for (let at: usize = 0; at < width; at += 16) {
      const share = v128.load(a + at), before = v128.load(z + at);
      const bend = f32x4.sub(v128.load(h + at), before);
      v128.store(z + at, bend);
      v128.store(h + at, f32x4.add(before, f32x4.mul(share, bend)));
      if (slope) {
        const steeper = f32x4.sub(v128.load(slope + at), one);
        v128.store(slope + at, f32x4.add(one, f32x4.mul(share, steeper)));
      }
    }
    h += width;
    z += width;
    if (slope) slope += width;
  }
}

/** g[n] = sum over rows of d[rows, n] bend[rows, n], in row order; contiguous, n a multiple of 8. */
export function blendGradient(rows: i32, n: i32, d: usize, bend: usize, g: usize, accumulate: i32): void {
  const row = <usize>n << 2;
  for (; n > 0; n -= 8) {
    let g0 = f32x4.splat(0), g1 = f32x4.splat(0);
    let from = d, by = bend;
    for (let i = rows; i > 0; i--) {
      g0 = f32x4.add(g0, f32x4.mul(v128.load(from, 0), v128.load(by, 0)));
      g1 = f32x4.add(g1, f32x4.mul(v128.load(from, 16), v128.load(by, 16)));
      from += row;
      by += row;
    }
    if (accumulate) {
      g0 = f32x4.add(g0, v128.load(g, 0));
      g1 = f32x4.add(g1, v128.load(g, 16));
    }
    v128.store(g, g0, 0);
    v128.store(g, g1, 16);
    d += 32;
    bend += 32;
    g += 32;
  }
}

/** to[rows, columns] = s[rows] w[rows, columns]; columns a multiple of 4, or 1 with rows a multiple of 4. */
export function scaleRows(rows: i32, columns: i32, w: usize, s: usize, to: usize): void {
  if (columns == 1) {
    for (const end = w + (<usize>rows << 2); w < end; w += 16, s += 16, to += 16) {
      v128.store(to, f32x4.mul(v128.load(s), v128.load(w)));
    }
    return;
  }
  for (; rows > 0; rows--, s += 4) {
    const factor = v128.load32_splat(s);
    for (const end = w + (<usize>columns << 2); w < end; w += 16, to += 16) {
      v128.store(to, f32x4.mul(factor, v128.load(w)));
    }
  }
}

// @ts-ignore: decorator
@inline
/** What a gradient becomes: the value, or the value added to what it holds. */
function joined(value: v128, at: usize, accumulate: bool): v128 {
  return accumulate ? f32x4.add(value, v128.load(at)) : value;
}

/** From the gradient g of s w: gw = s g, gs = row sums of w g, both added to what they hold where `accumulate`. */
export function scaleRowsGradient(
  rows: i32, columns: i32, g: usize, w: usize, s: usize, gw: usize, gs: usize, accumulate: i32,
): void {
  const add = accumulate != 0;
  if (columns == 1) {
    for (const end = w + (<usize>rows << 2); w < end; w += 16, s += 16, g += 16, gw += 16, gs += 16) {
      const x = v128.load(g);
      v128.store(gw, joined(f32x4.mul(v128.load(s), x), gw, add));
      v128.store(gs, joined(f32x4.mul(v128.load(w), x), gs, add));
    }
    return;
  }
  for (; rows > 0; rows--, s += 4, gs += 4) {
    const factor = v128.load32_splat(s);
    let sums = f32x4.splat(0);
    for (const end = w + (<usize>columns << 2); w < end; w += 16, g += 16, gw += 16) {
      const x = v128.load(g);
      sums = f32x4.add(sums, f32x4.mul(v128.load(w), x));
      v128.store(gw, joined(f32x4.mul(factor, x), gw, add));
    }
    const sum =
      (f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1)) +
      (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
    f32.store(gs, add ? sum + f32.load(gs) : sum);
  }
}
