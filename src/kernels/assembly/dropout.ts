/**
 * Dropout (Srivastava et al., JMLR 15, 2014), scaled while training so that nothing has to be done afterwards. Which units are
 * dropped is a hash of (key, row, unit): nothing is stored, the backward pass finds the same ones again, and how rows are shared
 * out over workers does not show.
 */

// @ts-ignore: decorator
@inline
/** A mixer of 32 bits by two multiplications ("lowbias32" of Wellons' hash-prospector, 2018). */
function mix(x: i32): i32 {
  x = (x ^ (x >>> 16)) * 0x7feb352d;
  x = (x ^ (x >>> 15)) * 0x846ca68b;
  return x ^ (x >>> 16);
}

// @ts-ignore: decorator
@inline
/** The same in four lanes. */
function mixLanes(x: v128): v128 {
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x7feb352d));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** to[rows, columns] = from * scale, or 0; both contiguous, columns a multiple of 4. */
export function dropout(
  from: usize, to: usize, rows: i32, columns: i32, rowKey: i32, unitKey: i32, firstRow: i32, keepBelow: u32, scale: f32,
): void {
  const bound = i32x4.splat(<i32>keepBelow), scales = f32x4.splat(scale);
  const step = i32x4.splat(4 * 0x9e3779b9);
  for (let r = 0; r < rows; r++) {
    const key = mix((firstRow + r) ^ rowKey) ^ unitKey;
    let counters = i32x4.add(i32x4.splat(key), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(0x9e3779b9)));
    for (let c = 0; c < columns; c += 4) {
      const kept = i32x4.lt_u(mixLanes(counters), bound);
      v128.store(to, v128.and(f32x4.mul(v128.load(from), scales), kept));
      counters = i32x4.add(counters, step);
      from += 16;
      to += 16;
    }
  }
}
