/**
 * Row order: images of consecutive positions under the permutation of src/random/permutation.ts, four at a time. The same
 * integers: what is there the whole part of (word * modulus) / 2^32 in float64 is here the high half of a 64-bit product.
 */

// @ts-ignore: decorator
@inline
function mix(x: v128, key: v128): v128 {
  let h = i32x4.mul(v128.xor(x, key), i32x4.splat(0x9e3779b1));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(0x85ebca6b));
  return v128.xor(h, i32x4.shr_u(h, 13));
}

// @ts-ignore: decorator
@inline
/** (x + mixed word scaled to the modulus) modulo the modulus; x is below it. */
function turn(x: v128, word: v128, modulus: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(word, modulus), high = i64x2.extmul_high_i32x4_u(word, modulus);
  const share = i8x16.shuffle(low, high, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  const sum = i32x4.sub(i32x4.add(x, share), modulus);
  return i32x4.add(sum, v128.and(modulus, i32x4.shr_s(sum, 31)));
}

/** to[0 .. count) as u32, and up to 3 words more; see kernels.ts. */
export function permute(
  to: usize, left: i32, right: i32, count: i32, size: u32, a: i32, b: i32, key0: i32, key1: i32, key2: i32, key3: i32,
): void {
  const as = i32x4.splat(a), bs = i32x4.splat(b), sizes = i32x4.splat(<i32>size);
  const k0 = i32x4.splat(key0), k1 = i32x4.splat(key1), k2 = i32x4.splat(key2), k3 = i32x4.splat(key3);
  const firstLeft = i32x4.splat(left), firstRight = i32x4.splat(right);
  for (let i = 0; i < count; i += 4) {
    // Positions of the four lanes, as a pair: at most one carry, since a >= 4.
    let l = i32x4.add(i32x4.splat(left), i32x4(0, 1, 2, 3));
    let r = i32x4.splat(right);
    const carried = i32x4.ge_s(l, as);
    l = i32x4.sub(l, v128.and(as, carried));
    r = i32x4.sub(r, carried);
    // A lane beyond the count may have no position: it repeats the first.
    const wanted = i32x4.lt_s(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), i32x4.splat(count));
    l = v128.bitselect(l, firstLeft, wanted);
    r = v128.bitselect(r, firstRight, wanted);

    let image = sizes;
    let beyond = i32x4.splat(-1);
    do {
      let nextL = turn(l, mix(r, k0), as);
      let nextR = turn(r, mix(nextL, k1), bs);
      nextL = turn(nextL, mix(nextR, k2), as);
      nextR = turn(nextR, mix(nextL, k3), bs);
      // Cycle walking: only the lanes whose image lies beyond the size go on.
      l = v128.bitselect(nextL, l, beyond);
      r = v128.bitselect(nextR, r, beyond);
      image = i32x4.add(i32x4.mul(r, as), l);
      beyond = i32x4.ge_u(image, sizes);
    } while (v128.any_true(beyond));
    v128.store(to, image);
    to += 16;
    left += 4;
    if (left >= a) {
      left -= a;
      right++;
    }
  }
}
