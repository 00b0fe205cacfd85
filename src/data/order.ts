/**
 * The order in which an epoch visits the training rows: a function of (rows, row size, seed, epoch), never of how much memory
 * there is. A table that is kept in memory and one that is read from the disk while training give the same order.
 *
 * Up to ORDER_SIZES.wholeBytes of rows, it is one pseudo-random permutation. Beyond that, every row at a random place would
 * be every row read from the disk on its own, so the order is made in two steps:
 *
 *   rows are cut into groups of consecutive slots; each epoch deals the groups, permuted, into windows of nearly equal size;
 *   within a window, the rows of all its groups are permuted.
 *
 * So what is read is whole groups, one window is in memory at a time (and the next one on its way), and a batch is drawn
 * from at least a hundred places of the table. The rows left over at the table's end make one short group; each epoch
 * adds it, last, to a window drawn at random.
 *
 * Everything is computed on its own at any position: no list of rows exists.
 */
import type { Kernels } from '../kernels/kernels.js';
import { createPermutation, type Permutation } from '../random/permutation.js';
import { draw, PURPOSE } from '../random/philox.js';

/** What decides how rows are ordered; other values than ORDER_SIZES are for tests. */
export interface OrderSizes {
  /** Rows of so many bytes together, or fewer, are ordered by one permutation. */
  readonly wholeBytes: number;
  /** Most bytes of a group of more than one row: long enough to read that finding it costs little. */
  readonly groupBytes: number;
  /** Most groups of a window, the short one included; a power of two. */
  readonly windowGroups: number;
}

/** 256 MiB whole; beyond, groups of 128 to 256 KiB and windows of at most 64 MiB. Part of the format: they decide bits. */
export const ORDER_SIZES: OrderSizes = { wholeBytes: 1 << 28, groupBytes: 1 << 18, windowGroups: 256 };

/** How a table's training rows are ordered; plain data. */
export interface OrderPlan {
  readonly rows: number;
  /** Rows of a group, a power of two; all rows where one permutation orders them. */
  readonly groupRows: number;
  /** 1 where one permutation orders all rows. */
  readonly windows: number;
  /** Rows that a window never exceeds; a power of two where there are several. */
  readonly windowRows: number;
}

/**
 * Plans the order of `rows` training rows.
 *
 * @param stride float32 words a row
 */
export function planOrder(rows: number, stride: number, sizes: OrderSizes = ORDER_SIZES): OrderPlan {
  const rowBytes = 4 * stride;
  if (rows * rowBytes <= sizes.wholeBytes) return { rows, groupRows: rows, windows: 1, windowRows: rows };
  let groupRows = 1;
  while (2 * groupRows * rowBytes <= sizes.groupBytes) groupRows *= 2;
  // One group less than fits, so that the short one finds a place in any window.
  const windows = Math.max(1, Math.ceil(Math.floor(rows / groupRows) / (sizes.windowGroups - 1)));
  if (windows === 1) return { rows, groupRows: rows, windows, windowRows: rows };
  return { rows, groupRows, windows, windowRows: groupRows * sizes.windowGroups };
}

/** Fewest rows of a window. */
export function smallestWindow({ rows, groupRows, windows }: OrderPlan): number {
  return windows === 1 ? rows : Math.floor(Math.floor(rows / groupRows) / windows) * groupRows;
}

/** Positions of the order, as dataset slots. */
export interface RowOrder {
  /** out[0..count) = slots of positions start .. start + count. */
  fill(out: Uint32Array, start: number, count: number): void;
}

/** A ring of windows: where rows are while they are trained on, if the dataset is not in memory as a whole. */
export interface RingPlace {
  /** Windows that the ring has room for, each of `windowRows` slots. */
  readonly windows: number;
  /** The place in the ring of the epoch's first window. */
  readonly first: number;
}

/** One epoch's order; plain data, so that every worker makes it for itself. */
export interface EpochOrder {
  readonly plan: OrderPlan;
  readonly seed: number;
  /** Counted from 0. */
  readonly epoch: number;
  /** Null: slots are those of the whole dataset. */
  readonly ring: RingPlace | null;
}

/**
 * The order of an epoch's rows.
 *
 * @param kernels make it faster; `out` of fill must then be a view of their memory, at a multiple of 16 bytes, with room for a
 *   multiple of 4 slots
 */
export function createOrder(order: EpochOrder, kernels: Pick<Kernels, 'permute'> | null = null): RowOrder {
  const { plan, seed, epoch, ring } = order;
  if (plan.windows === 1) {
    const permutation = createPermutation(plan.rows, seed, PURPOSE.rowOrder, epoch);
    return kernels === null ? permutation : fillByKernel(permutation, kernels);
  }
  const dealt = dealGroups(plan, seed, epoch);
  const shift = 31 - Math.clz32(plan.groupRows);
  const mask = plan.groupRows - 1;
  let [from, to] = [0, 0];
  let permutation: Permutation;
  let firstSlots = new Uint32Array(0);
  let ringStart = 0;

  function enter(window: number): void {
    from = dealt.start(window);
    to = dealt.start(window + 1);
    permutation = createPermutation(to - from, seed, PURPOSE.windowOrder, streamOf(plan, epoch, window));
    if (ring === null) firstSlots = dealt.groups(window);
    else ringStart = ((ring.first + window) % ring.windows) * plan.windowRows;
  }

  return {
    fill(out, start, count) {
      for (let done = 0; done < count; ) {
        const position = start + done;
        if (position < from || position >= to) enter(dealt.windowAt(position));
        const rows = Math.min(count - done, to - position);
        const part = done === 0 ? out : out.subarray(done);
        permutation.fill(part, position - from, rows);
        if (ring === null) {
          for (let i = 0; i < rows; i++) part[i] = firstSlots[part[i] >>> shift] + (part[i] & mask);
        } else {
          for (let i = 0; i < rows; i++) part[i] += ringStart;
        }
        done += rows;
      }
    },
  };
}

/**
 * The same images by kernels, which compute several at once; `out` of fill is as for `createOrder`. (Small tables have
 * permutations of more rounds, which kernels do not compute.)
 */
export function fillByKernel(permutation: Permutation, kernels: Pick<Kernels, 'permute'>): RowOrder {
  const { size, constants } = permutation;
  const { a, b, keys } = constants;
  if (keys.length !== 4) return permutation;
  return {
    fill(out, start, count) {
      const right = Math.floor(start / a);
      const left = start - right * a;
      kernels.permute(out.byteOffset, left, right, count, size, a, b, keys[0], keys[1], keys[2], keys[3]);
    },
  };
}

/** A stream of its own for every window of every epoch (until 2^32 of them have passed). */
function streamOf({ windows }: OrderPlan, epoch: number, window: number): number {
  return (epoch * windows + window) % 0x1_0000_0000;
}

/** Which groups each window of an epoch has. Only for plans of several windows. */
export interface DealtGroups {
  /** Position of the first row of a window; of one beyond the last, the number of rows. */
  start(window: number): number;
  /** The window of a position. */
  windowAt(position: number): number;
  /** First slots of the groups of a window, in the order in which they follow one another in the window. */
  groups(window: number): Uint32Array<ArrayBuffer>;
}

export function dealGroups({ rows, groupRows, windows }: OrderPlan, seed: number, epoch: number): DealtGroups {
  const whole = Math.floor(rows / groupRows);
  const left = rows - whole * groupRows;
  const permutation = createPermutation(whole, seed, PURPOSE.groupOrder, epoch);
  const words = new Uint32Array(4);
  draw(words, seed, PURPOSE.shortGroup, epoch, 0);
  const shortAt = words[0] % windows;

  const firstGroup = (window: number): number => Math.ceil((window * whole) / windows);
  const start = (window: number): number => firstGroup(window) * groupRows + (window > shortAt ? left : 0);
  return {
    start,
    windowAt(position) {
      let window = Math.min(windows - 1, Math.floor((position / rows) * windows));
      while (start(window) > position) window--;
      while (start(window + 1) <= position) window++;
      return window;
    },
    groups(window) {
      const first = firstGroup(window);
      const count = firstGroup(window + 1) - first;
      const groups = new Uint32Array(window === shortAt && left > 0 ? count + 1 : count);
      permutation.fill(groups, first, count);
      for (let i = 0; i < count; i++) groups[i] *= groupRows;
      if (groups.length > count) groups[count] = whole * groupRows;
      return groups;
    },
  };
}
