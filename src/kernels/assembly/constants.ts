/** Names shared with src/kernels/kernels.ts, which documents them; the tests hold the two together. */

/** Rows of k in one multiply-add chain. */
export const KC: i32 = 256;

/** Columns of B that are packed at once. */
export const NC: i32 = 512;
/** Rows of A that are walked (and packed) at once, so that they stay in the second-level cache. */
export const MC: i32 = 128;

/** The workspace of a product: packed B [KC, NC], then packed A [MC, KC]; less than WORKSPACE_BYTES. */
export const PACKED_A_OFFSET: usize = <usize>KC * <usize>NC * 4;

export const ACCUMULATE: i32 = 1;
export const BIAS: i32 = 2;
export const RELU: i32 = 4;
export const RELU_MASK: i32 = 8;
