/**
 * Where the rows of a run come from while it trains: a dataset that workers gather from, and the guarantee that the rows of
 * the next steps are in it. For a dataset in memory there is nothing to wait for; ring.ts reads ahead from the disk. Which
 * rows make a batch is the same for both (order.ts).
 */
import type { Dataset } from './dataset.js';
import { dealGroups, type EpochOrder, type OrderPlan } from './order.js';

/** Slots rowStart .. rowEnd (exclusive) of the dataset. */
export interface SlotRange {
  readonly rowStart: number;
  readonly rowEnd: number;
}

/** Rows that can be trained on now. */
export interface Ready {
  readonly order: EpochOrder;
  /** The position of the order up to which rows can be gathered (exclusive). */
  readonly end: number;
}

export interface TrainingInput {
  /** What workers gather from: the same shared memory all the time. */
  readonly dataset: Dataset;
  readonly order: OrderPlan;
  /**
   * Waits for the rows at positions start .. end (exclusive) of an epoch's order. They stay until the next call, those
   * before `start` need not. Epochs and positions ascend.
   *
   * @throws ParagradError `unreadable`
   */
  train(epoch: number, start: number, end: number): Promise<Ready>;
  /** At most `rows` of the rows that were trained on around position `end` - 1: any, but the same wherever the dataset is. */
  trained(epoch: number, end: number, rows: number): SlotRange;
  /**
   * The held-out rows, in order, after the epoch or in its place. A part stays until the next one is asked for, and has a
   * multiple of 256 rows, the last excepted.
   */
  held(epoch: number): AsyncIterable<SlotRange>;
  /** Waits for reads under way, and frees what was held open. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * The input of a dataset in memory: training rows first, then the held-out ones.
 *
 * @param seed of the order
 */
export function createMemoryInput(dataset: Dataset, plan: OrderPlan, seed: number): TrainingInput {
  return {
    dataset,
    order: plan,
    async train(epoch) {
      return { order: { plan, seed, epoch, ring: null }, end: plan.rows };
    },
    trained(epoch, end, rows) {
      if (plan.windows === 1) return { rowStart: 0, rowEnd: Math.min(rows, plan.rows) };
      const dealt = dealGroups(plan, seed, epoch);
      const [rowStart] = dealt.groups(dealt.windowAt(end - 1));
      return { rowStart, rowEnd: rowStart + Math.min(rows, plan.groupRows) };
    },
    async *held() {
      if (dataset.rows > plan.rows) yield { rowStart: plan.rows, rowEnd: dataset.rows };
    },
    async close() {},
  };
}
