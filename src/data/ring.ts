/**
 * The input of a dataset that is on the disk: a ring of windows in shared memory. While the workers train on one window, the
 * coordinator reads the groups of the next one from the spool file, each with one read, and standardises them.
 *
 * Windows are numbered through the whole run: those of the first epoch in their order, then its held-out rows, a window's
 * worth at a time, then those of the second epoch … Window q lies in place q % windows of the ring. A batch may reach over
 * several windows, so those from its first row on are kept; all further places are read ahead.
 */
import { createTableKernels } from '../kernels/table.js';
import { allocateDataset } from './dataset.js';
import type { SlotRange, TrainingInput } from './input.js';
import type { SpooledTraining } from './load-spooled.js';
import { type DealtGroups, dealGroups, type OrderPlan, smallestWindow } from './order.js';
import { standardiseRows } from './standardise.js';

/** Reads under way at once: as many as Node has threads for files. */
const READS = 4;

/** Windows that a ring needs: those that one batch can touch, and one to read ahead. */
export function ringWindows(plan: OrderPlan, batchRows: number): number {
  return Math.ceil((Math.min(batchRows, plan.rows) - 1) / smallestWindow(plan)) + 2;
}

/** Rows that lie together in the file. */
interface Extent {
  readonly slot: number;
  readonly rows: number;
}

/**
 * Opens the input, and starts to read the first window.
 *
 * @param order of several windows
 * @param seed of the order
 * @param windows of the ring; see `ringWindows`
 * @param epochs beyond them nothing is read ahead, but for what is asked for
 */
export function createRing(
  spooled: SpooledTraining,
  order: OrderPlan,
  seed: number,
  windows: number,
  epochs: number,
): TrainingInput {
  const { file, layout, scales, trainRows, validationRows, addon } = spooled;
  const kernels = createTableKernels(addon, layout.stride);
  const { windowRows } = order;
  const rowBytes = 4 * layout.stride;
  const dataset = allocateDataset(windows * windowRows, layout, windowRows * rowBytes);
  const heldWindows = Math.ceil(validationRows / windowRows);
  const perEpoch = order.windows + heldWindows;
  let dealt: { readonly epoch: number; readonly groups: DealtGroups } | null = null;

  const groupsOf = (epoch: number): DealtGroups => {
    if (dealt?.epoch !== epoch) dealt = { epoch, groups: dealGroups(order, seed, epoch) };
    return dealt.groups;
  };

  function extentsOf(q: number): Extent[] {
    const window = q % perEpoch;
    if (window < order.windows) {
      const groups = groupsOf(Math.floor(q / perEpoch)).groups(window);
      return Array.from(groups, (slot) => ({ slot, rows: Math.min(order.groupRows, trainRows - slot) }));
    }
    const first = trainRows + (window - order.windows) * windowRows;
    const end = Math.min(first + windowRows, trainRows + validationRows);
    return Array.from({ length: Math.ceil((end - first) / order.groupRows) }, (_, i) => {
      const slot = first + i * order.groupRows;
      return { slot, rows: Math.min(order.groupRows, end - slot) };
    });
  }

  async function load(q: number): Promise<void> {
    const place = q % windows;
    const piece = dataset.pieces[place];
    const extents = extentsOf(q);
    let [next, row] = [0, 0];
    const lane = async (): Promise<void> => {
      while (next < extents.length && !closed) {
        const { slot, rows } = extents[next++];
        const start = row;
        row += rows;
        await file.read(new Uint8Array(piece, start * rowBytes, rows * rowBytes), slot * rowBytes);
        standardiseRows(dataset, scales, place * windowRows + start, place * windowRows + start + rows, kernels);
      }
    };
    await Promise.all(Array.from({ length: READS }, lane));
  }

  /** Loads of windows, in their order; each starts when the one before it is done. */
  const loads = new Map<number, Promise<void>>();
  let reading: Promise<void> = Promise.resolve();
  let next = 0;
  let closed = false;

  /** Waits for window q; places of windows before `keep` may be used again. */
  async function acquire(q: number, keep: number): Promise<void> {
    for (const old of loads.keys()) if (old < keep) loads.delete(old);
    next = Math.max(next, keep);
    for (; next < Math.min(keep + windows, Math.max(q + 1, epochs * perEpoch)); next++) {
      const wanted = next;
      reading = reading.then(() => load(wanted));
      reading.catch(() => {}); // met by whoever waits for the window
      loads.set(wanted, reading);
    }
    await loads.get(q);
  }

  void acquire(0, 0).catch(() => {});
  return {
    dataset,
    order,
    async train(epoch, start, end) {
      const groups = groupsOf(epoch);
      const first = epoch * perEpoch;
      const window = groups.windowAt(end - 1);
      await acquire(first + window, first + groups.windowAt(start));
      const ring = { windows, first: first % windows };
      return { order: { plan: order, seed, epoch, ring }, end: groups.start(window + 1) };
    },
    trained(epoch, end, rows): SlotRange {
      const window = epoch * perEpoch + groupsOf(epoch).windowAt(end - 1);
      const rowStart = (window % windows) * windowRows;
      return { rowStart, rowEnd: rowStart + Math.min(rows, order.groupRows) };
    },
    async *held(epoch) {
      for (let part = 0; part < heldWindows; part++) {
        const q = epoch * perEpoch + order.windows + part;
        await acquire(q, q);
        const rowStart = (q % windows) * windowRows;
        yield { rowStart, rowEnd: rowStart + Math.min(windowRows, validationRows - part * windowRows) };
      }
    },
    async close() {
      closed = true;
      await reading.catch(() => {});
      await file.close();
    },
  };
}
