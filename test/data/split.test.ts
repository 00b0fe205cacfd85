import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlots, DROPPED, placeRows, splitRows } from '../../src/data/split.js';
import { chooseKernels } from '../../src/kernels/load.js';

/** A slots table with these rows dropped. */
function slotsOf(rows: number, dropped: readonly number[] = []): Uint32Array {
  const slots = new Uint32Array(createSlots(rows));
  for (const row of dropped) slots[row % rows] = DROPPED;
  return slots;
}

describe('splitRows', () => {
  it('holds out exactly round(fraction N) of the N kept rows, in file order, and gives every kept row its own slot', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9000 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (rows, dropped, fraction, seed) => {
          const slots = slotsOf(rows, dropped);
          const kept = slots.filter((slot) => slot !== DROPPED).length;
          const { trainRows, validationRows } = splitRows(slots, fraction, seed);
          expect(validationRows).toBe(Math.round(fraction * kept));
          expect(trainRows + validationRows).toBe(kept);
          const used = [...slots].filter((slot) => slot !== DROPPED);
          const train = used.filter((slot) => slot < trainRows);
          const validation = used.filter((slot) => slot >= trainRows);
          expect(train).toEqual(Array.from({ length: trainRows }, (_, i) => i));
          expect(validation).toEqual(Array.from({ length: validationRows }, (_, i) => trainRows + i));
          for (const row of dropped) expect(slots[row % rows]).toBe(DROPPED);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('holds out the same rows by kernels', () => {
    const kernels = chooseKernels('wasm-strict');
    for (const rows of [1, 255, 256, 4097, 50_001]) {
      const [plain, fast] = [slotsOf(rows, [3, 700]), slotsOf(rows, [3, 700])];
      expect(splitRows(fast, 0.2, 9, kernels)).toEqual(splitRows(plain, 0.2, 9));
      expect(fast).toEqual(plain);
    }
  });

  it('depends on the seed, and spreads what it holds out', () => {
    const [a, b, again] = [slotsOf(1000), slotsOf(1000), slotsOf(1000)];
    splitRows(a, 0.2, 1);
    splitRows(b, 0.2, 2);
    splitRows(again, 0.2, 1);
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
    for (let part = 0; part < 4; part++) {
      const held = a.subarray(part * 250, (part + 1) * 250).filter((slot) => slot >= 800).length;
      // Hypergeometric, mean 50, standard deviation 5.5: six of them either way.
      expect(Math.abs(held - 50)).toBeLessThan(33);
    }
  });

  it('counts kept rows, so dropping rows is the same as never having had them', () => {
    const whole = slotsOf(12, [0, 5]);
    const without = slotsOf(10);
    splitRows(whole, 0.3, 4);
    splitRows(without, 0.3, 4);
    expect([...whole].filter((slot) => slot !== DROPPED)).toEqual([...without]);
  });
});

describe('placeRows', () => {
  it('numbers the kept rows from a first slot', () => {
    const slots = slotsOf(5, [1, 4]);
    expect(placeRows(slots, 7)).toBe(3);
    expect([...slots]).toEqual([7, DROPPED, 8, 9, DROPPED]);
  });
});
