/**
 * The fixed tree: how a batch is cut into shards, which worker owns which, and in what order the gradient leaves are added.
 *
 * Rules. A batch of at most B rows is cut into S shards (a power of two) of ceil(B / S) rows; the last ones of a short
 * batch may be short or empty. The leaves are added along the balanced binary tree over 0..S-1: the node (level, i) covers
 * leaves i * 2^level up to (i+1) * 2^level, and is left + right; a node without rows is left out (left + nothing = left).
 * So the sum that comes out is a function of the rows alone. Workers only decide who computes a node: one that lies
 * entirely inside a worker's range is a "held" subtree and is added up by that worker; the others are joined by the slice
 * owners, each for its own slice of the parameters, in the same order.
 *
 * Everything here is pure and computed alike by every thread. Method: a plain recursion over the tree at planning time;
 * a step only walks the resulting lists.
 */

/** Rows of a full shard: ceil(B / S). */
export function shardRows(batchSize: number, shards: number): number {
  return Math.ceil(batchSize / shards);
}

/** Shards that hold any of `rows` rows; they are the first ones. */
export function activeShards(rows: number, rowsPerShard: number): number {
  return Math.ceil(rows / rowsPerShard);
}

/** Fewest rows a shard should have by default: below this the tree's additions show (1.15x at 64 rows). */
const DEFAULT_SHARD_ROWS = 128;

/** The default S: the largest power of two that leaves at least 128 rows a shard. */
export function defaultShards(batchSize: number): number {
  let shards = 1;
  while (batchSize >= 2 * shards * DEFAULT_SHARD_ROWS) shards *= 2;
  return shards;
}

/** The contiguous part [start, end) of `count` items that worker `worker` of `workers` owns; earlier workers get the larger parts. */
export function ownedRange(count: number, workers: number, worker: number): { start: number; end: number } {
  return { start: Math.ceil((worker * count) / workers), end: Math.ceil(((worker + 1) * count) / workers) };
}

/** One gradient buffer of one worker. */
export interface BufferRef {
  readonly worker: number;
  readonly buffer: number;
}

/** What a worker does with its leaves, in order. Buffers are numbered from 0 within the worker. */
export type LeafOperation =
  /** Compute the leaf into the buffer; `accumulate`: add it to what the buffer holds (its left sibling). */
  | { readonly kind: 'leaf'; readonly shard: number; readonly buffer: number; readonly accumulate: boolean }
  /** buffer += source. */
  | { readonly kind: 'add'; readonly buffer: number; readonly source: number };

/** destination += source, over the joiner's slice. */
export interface Join {
  readonly destination: BufferRef;
  readonly source: BufferRef;
}

/** How a batch with a given number of active shards is summed. */
export interface Reduction {
  readonly active: number;
  /** Per worker. */
  readonly operations: readonly (readonly LeafOperation[])[];
  /** Buffers that each worker needs: exactly. */
  readonly buffers: readonly number[];
  /** What slice owners do once every worker is done, in order. */
  readonly joins: readonly Join[];
  /** Where the sum ends up. */
  readonly root: BufferRef;
}

/**
 * Plans the sum of a batch.
 *
 * @param shards S, a power of two
 * @param workers W >= 1; those beyond S hold nothing
 * @param active shards with rows, 1 <= active <= S
 * @param fused whether a leaf may be added onto its left sibling while it is computed (a shard is one block of rows)
 */
export function planReduction(shards: number, workers: number, active: number, fused: boolean): Reduction {
  const ranges = Array.from({ length: workers }, (_, worker) => ownedRange(shards, workers, worker));
  const operations: LeafOperation[][] = ranges.map(() => []);
  const buffers: number[] = ranges.map(() => 0);
  const free: number[][] = ranges.map(() => []);
  const joins: Join[] = [];

  const takeBuffer = (worker: number): number => free[worker].pop() ?? buffers[worker]++;

  /** Adds up a node inside one worker's range; null when it has no rows. */
  const hold = (worker: number, start: number, size: number): number | null => {
    if (start >= active) return null;
    if (size === 1) {
      const buffer = takeBuffer(worker);
      operations[worker].push({ kind: 'leaf', shard: start, buffer, accumulate: false });
      return buffer;
    }
    const half = size / 2;
    const left = hold(worker, start, half);
    if (left === null || start + half >= active) return left;
    if (fused && half === 1) {
      operations[worker].push({ kind: 'leaf', shard: start + half, buffer: left, accumulate: true });
      return left;
    }
    const right = hold(worker, start + half, half);
    if (right !== null) {
      operations[worker].push({ kind: 'add', buffer: left, source: right });
      free[worker].push(right);
    }
    return left;
  };

  const join = (start: number, size: number): BufferRef | null => {
    const worker = ranges.findIndex((range) => range.start <= start && start < range.end);
    if (start + size <= ranges[worker].end) {
      const buffer = hold(worker, start, size);
      return buffer === null ? null : { worker, buffer };
    }
    const left = join(start, size / 2);
    const right = join(start + size / 2, size / 2);
    if (left === null || right === null) return left;
    joins.push({ destination: left, source: right });
    return left;
  };

  const root = join(0, shards);
  if (root === null) throw new RangeError(`a batch has at least one active shard, got ${active}`);
  return { active, operations, buffers, joins, root };
}

/**
 * Sums values along the same tree: adjacent pairs, then pairs of pairs; a value without a partner is carried up.
 *
 * @param values overwritten
 * @param count how many of them
 * @returns the float64 sum; 0 for none
 */
export function treeSum(values: Float64Array, count: number): number {
  if (count === 0) return 0;
  for (let stride = 1; stride < count; stride *= 2) {
    for (let i = 0; i + stride < count; i += 2 * stride) values[i] += values[i + stride];
  }
  return values[0];
}
