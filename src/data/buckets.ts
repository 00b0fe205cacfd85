/**
 * Categories with too many values for a column each: a value's bucket follows from its text alone, so that nothing need be
 * remembered, and a value never seen has a bucket too. Values that share a bucket cannot be told apart.
 */

/** Buckets of a hashed category: at 1000 values, three or four in each. */
export const BUCKETS = 256;

export function bucketOf(text: string, buckets: number): number {
  return hashOf(text) % buckets;
}

/** 32 bits: FNV-1a over the UTF-8 bytes, then mixed as by MurmurHash3 (FNV's low bits alone are poor). */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
