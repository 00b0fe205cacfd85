/**
 * Layer norm (Ba, Kiros, Hinton 2016) of rows of n values, epsilon 1e-5 as PyTorch's, with the mean taken off before
 * anything is squared. Sums are float32 in a few chains, every operation rounded once. The padding columns of a row hold zeros
 * before and after.
 */
const EPSILON: f32 = 1e-5;

// @ts-ignore: decorator
@inline
/** The sum of four lanes. */
function sumLanes(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

// @ts-ignore: decorator
@inline
/** Which of four columns, from byte `at` of a row on, are before byte `end`. */
function before(end: usize, at: usize): v128 {
  return i32x4.gt_s(i32x4.splat(<i32>(end - at)), i32x4(0, 4, 8, 12));
}

/**
 * z = scale x + shift, x = (z - mean) / sqrt(variance + epsilon). x goes to `normalised` and what it was multiplied with to
 * `inverse`[rows], unless `normalised` is 0. Rows lie ld apart, ld a multiple of 8.
 */
export function layerNormForward(
  rows: i32, n: i32, z: usize, ld: i32, scale: usize, shift: usize, normalised: usize, inverse: usize,
): void {
  const row = <usize>ld << 2, end = <usize>n << 2;
  for (; rows > 0; rows--) {
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0);
    for (let at: usize = 0; at < row; at += 32) {
      s0 = f32x4.add(s0, v128.load(z + at, 0));
      s1 = f32x4.add(s1, v128.load(z + at, 16));
    }
    const mean = f32x4.splat(sumLanes(f32x4.add(s0, s1)) / <f32>n);
    s0 = f32x4.splat(0);
    s1 = f32x4.splat(0);
    for (let at: usize = 0; at < row; at += 32) {
      const x0 = v128.and(f32x4.sub(v128.load(z + at, 0), mean), before(end, at));
      const x1 = v128.and(f32x4.sub(v128.load(z + at, 16), mean), before(end, at + 16));
      s0 = f32x4.add(s0, f32x4.mul(x0, x0));
      s1 = f32x4.add(s1, f32x4.mul(x1, x1));
    }
    const factor: f32 = 1 / sqrt<f32>(sumLanes(f32x4.add(s0, s1)) / <f32>n + EPSILON);
    const factors = f32x4.splat(factor);
    for (let at: usize = 0; at < row; at += 16) {
      const x = v128.and(f32x4.mul(f32x4.sub(v128.load(z + at), mean), factors), before(end, at));
      if (normalised) v128.store(normalised + at, x);
      v128.store(z + at, f32x4.add(f32x4.mul(x, v128.load(scale + at)), v128.load(shift + at)));
    }
    z += row;
    if (normalised) {
      f32.store(inverse, factor);
      normalised += row;
      inverse += 4;
    }
  }
}

/** d = inverse (g - mean(g) - x mean(g x)), g = scale d, of what the forward pass kept; a row of d at a time, in place. */
export function layerNormBackward(
  rows: i32, n: i32, d: usize, ld: i32, scale: usize, normalised: usize, inverse: usize,
): void {
  const row = <usize>ld << 2, end = <usize>n << 2;
  for (; rows > 0; rows--) {
    let sums = f32x4.splat(0), products = f32x4.splat(0);
    for (let at: usize = 0; at < row; at += 16) {
      const g = f32x4.mul(v128.load(d + at), v128.load(scale + at));
      sums = f32x4.add(sums, g);
      products = f32x4.add(products, f32x4.mul(g, v128.load(normalised + at)));
    }
    const mean = f32x4.splat(sumLanes(sums) / <f32>n), slope = f32x4.splat(sumLanes(products) / <f32>n);
    const factors = v128.load32_splat(inverse);
    for (let at: usize = 0; at < row; at += 16) {
      const g = f32x4.mul(v128.load(d + at), v128.load(scale + at));
      const rest = f32x4.sub(f32x4.sub(g, mean), f32x4.mul(v128.load(normalised + at), slope));
      v128.store(d + at, v128.and(f32x4.mul(rest, factors), before(end, at)));
    }
    d += row;
    normalised += row;
    inverse += 4;
  }
}
