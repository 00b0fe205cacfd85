/**
 * What one core can do at most with 128-bit multiply-adds: twelve independent chains in registers and nothing else.
 * AssemblyScript, compiled by peak.mjs when it runs.
 */

/** Runs 12 * 4 multiply-adds `rounds` times; the result keeps the chains alive. */
export function multiplyAdds(rounds: i32): f32 {
  const x = f32x4.splat(0.5),
    y = f32x4.splat(1);
  let c0 = y,
    c1 = y,
    c2 = y,
    c3 = y,
    c4 = y,
    c5 = y,
    c6 = y,
    c7 = y,
    c8 = y,
    c9 = y,
    c10 = y,
    c11 = y;
  for (; rounds > 0; rounds--) {
    c0 = f32x4.relaxed_madd(x, y, c0);
    c1 = f32x4.relaxed_madd(x, y, c1);
    c2 = f32x4.relaxed_madd(x, y, c2);
    c3 = f32x4.relaxed_madd(x, y, c3);
    c4 = f32x4.relaxed_madd(x, y, c4);
    c5 = f32x4.relaxed_madd(x, y, c5);
    c6 = f32x4.relaxed_madd(x, y, c6);
    c7 = f32x4.relaxed_madd(x, y, c7);
    c8 = f32x4.relaxed_madd(x, y, c8);
    c9 = f32x4.relaxed_madd(x, y, c9);
    c10 = f32x4.relaxed_madd(x, y, c10);
    c11 = f32x4.relaxed_madd(x, y, c11);
  }
  const a = f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3));
  const b = f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7));
  const c = f32x4.add(f32x4.add(c8, c9), f32x4.add(c10, c11));
  return f32x4.extract_lane(f32x4.add(a, f32x4.add(b, c)), 0);
}
