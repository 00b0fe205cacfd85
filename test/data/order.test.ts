/** Row order: a bijection of the rows for any sizes, the same in a ring as in memory, mixed as far as windows allow. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createOrder,
  dealGroups,
  type EpochOrder,
  ORDER_SIZES,
  type OrderPlan,
  planOrder,
  smallestWindow,
} from '../../src/data/order.js';

/** Sizes small enough that tables of a few thousand rows have windows. */
const sizes = fc.record({
  wholeBytes: fc.constant(0),
  groupBytes: fc.integer({ min: 1, max: 400 }),
  windowGroups: fc.constantFrom(2, 4, 16),
});
const plans = fc
  .tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 30 }), sizes)
  .map(([rows, stride, chosen]) => planOrder(rows, stride, chosen));

function slotsOf(order: EpochOrder, piece = 256): number[] {
  const { rows } = order.plan;
  const all: number[] = [];
  const made = createOrder(order);
  for (let start = 0; start < rows; start += piece) {
    const out = new Uint32Array(Math.min(piece, rows - start));
    made.fill(out, start, out.length);
    all.push(...out);
  }
  return all;
}

describe('planOrder', () => {
  it('orders up to 256 MiB by one permutation, and more by windows of at most 64 MiB and at least half of that', () => {
    const whole = 2 ** 26 / 20;
    expect(planOrder(Math.floor(whole), 20).windows).toBe(1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_536 }), fc.integer({ min: 1, max: 200 }), (stride, factor) => {
        const rows = Math.min(2 ** 32 - 2, Math.ceil(ORDER_SIZES.wholeBytes / (4 * stride)) * factor + 1);
        const plan = planOrder(rows, stride);
        expect(plan.windows).toBeGreaterThan(1);
        expect(plan.groupRows * 4 * stride).toBeLessThanOrEqual(2 ** 18);
        expect(plan.groupRows * 4 * stride).toBeGreaterThan(2 ** 17);
        expect(plan.windowRows * 4 * stride).toBeLessThanOrEqual(2 ** 26);
        expect(smallestWindow(plan)).toBeGreaterThan(plan.windowRows / 2);
      }),
    );
  });

  it('takes groups of one row where rows are longer than a group', () => {
    expect(planOrder(1000, 100_000)).toMatchObject({ groupRows: 1, windows: 4 });
  });
});

describe('createOrder', () => {
  it('visits every row once in an epoch, however it is asked for its positions', () => {
    fc.assert(
      fc.property(plans, fc.nat(), fc.nat({ max: 9 }), fc.integer({ min: 1, max: 700 }), (plan, seed, epoch, piece) => {
        const slots = slotsOf({ plan, seed, epoch, ring: null }, piece);
        expect(slots.toSorted((a, b) => a - b)).toEqual(Array.from({ length: plan.rows }, (_, i) => i));
        expect(slotsOf({ plan, seed, epoch, ring: null })).toEqual(slots);
        const backwards = createOrder({ plan, seed, epoch, ring: null });
        const last = new Uint32Array(1);
        for (let position = plan.rows - 1; position >= 0; position -= 37) {
          backwards.fill(last, position, 1);
          expect(last[0]).toBe(slots[position]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('names the same rows in a ring, where a window holds its groups one after the other', () => {
    fc.assert(
      fc.property(
        plans.filter(({ windows }) => windows > 1),
        fc.nat(),
        fc.nat({ max: 9 }),
        fc.integer({ min: 2, max: 5 }),
        fc.nat({ max: 4 }),
        (plan, seed, epoch, windows, first) => {
          const dealt = dealGroups(plan, seed, epoch);
          const slots = slotsOf({ plan, seed, epoch, ring: null });
          const places = slotsOf({ plan, seed, epoch, ring: { windows, first } });
          for (let window = 0; window < plan.windows; window++) {
            const inWindow = rowsOf(plan, dealt.groups(window));
            expect(inWindow.length).toBe(dealt.start(window + 1) - dealt.start(window));
            expect(inWindow.length).toBeLessThanOrEqual(plan.windowRows);
            expect(inWindow.length).toBeGreaterThanOrEqual(smallestWindow(plan));
            const ringStart = ((first + window) % windows) * plan.windowRows;
            const [start, end] = [dealt.start(window), dealt.start(window + 1)];
            expect([dealt.windowAt(start), dealt.windowAt(end - 1)]).toEqual([window, window]);
            const inRing = places.slice(start, end).map((place) => inWindow[place - ringStart]);
            expect(inRing).toEqual(slots.slice(start, end));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('differs from epoch to epoch and seed to seed, in the windows and in the place of the short group', () => {
    const plan = planOrder(4003, 4, { wholeBytes: 0, groupBytes: 160, windowGroups: 16 });
    expect(plan).toEqual({ rows: 4003, groupRows: 8, windows: 34, windowRows: 128 });
    const shortIn = new Set<number>();
    const seen = new Set<string>();
    for (let epoch = 0; epoch < 60; epoch++) {
      const dealt = dealGroups(plan, 5, epoch);
      seen.add(dealt.groups(0).join());
      for (let window = 0; window < plan.windows; window++) {
        if (dealt.groups(window).at(-1) === 4000) shortIn.add(window);
      }
    }
    expect(seen.size).toBe(60);
    // 60 draws from 34 windows hit 28 on average, with a standard deviation of 2.
    expect(shortIn.size).toBeGreaterThan(16);
    expect(slotsOf({ plan, seed: 1, epoch: 0, ring: null })).not.toEqual(
      slotsOf({ plan, seed: 2, epoch: 0, ring: null }),
    );
  });

  it('spreads neighbours over all windows (chi-square, 6 sigma)', () => {
    const plan = planOrder(16_384, 1, { wholeBytes: 0, groupBytes: 64, windowGroups: 64 });
    const counts = new Float64Array(plan.windows);
    const epochs = 200;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const dealt = dealGroups(plan, 0, epoch);
      for (let window = 0; window < plan.windows; window++) {
        counts[window] += dealt.groups(window).filter((slot) => slot < 16 * 32).length;
      }
    }
    const expected = (epochs * 32) / plan.windows;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = plan.windows - 1;
    expect(chi).toBeLessThan(freedom + 6 * Math.sqrt(2 * freedom));
  });
});

function rowsOf({ rows, groupRows }: OrderPlan, groups: Uint32Array): number[] {
  return [...groups].flatMap((slot) => Array.from({ length: Math.min(groupRows, rows - slot) }, (_, i) => slot + i));
}
