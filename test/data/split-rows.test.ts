/** Who is held out, of any rows: the shares of classes, the latest rows, whole groups. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlots, DROPPED, placeHeld } from '../../src/data/split.js';
import { holdOutClasses, holdOutGroups, holdOutLatest } from '../../src/data/split-rows.js';

/** A slots table with about a tenth of the rows dropped. */
function slotsOf(rows: number, seed: number): Uint32Array {
  const slots = new Uint32Array(createSlots(rows));
  for (let row = 0; row < rows; row++) if ((row * 31 + seed) % 10 === 0) slots[row] = DROPPED;
  return slots;
}

const keptRows = (slots: Uint32Array) => Array.from(slots.keys()).filter((row) => slots[row] !== DROPPED);
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

const fractions = fc.double({ min: 0.01, max: 0.9, noNaN: true });
const seeds = fc.nat(1000);

describe('holdOutClasses', () => {
  it('holds out round(fraction N) rows, and of every class its share to within a row', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 600 }), fractions, seeds, (values, fraction, seed) => {
        const codes = Uint32Array.from(values);
        const slots = slotsOf(codes.length, seed);
        const rows = keptRows(slots);
        const held = holdOutClasses(slots, codes, 6, fraction, seed);
        const wanted = Math.round(fraction * rows.length);
        expect(sum(held)).toBe(wanted);
        for (let c = 0; c < 6; c++) {
          const own = rows.filter((row) => codes[row] === c);
          const share = rows.length === 0 ? 0 : (own.length * wanted) / rows.length;
          expect(Math.abs(sum(own.map((row) => held[row])) - share)).toBeLessThan(1 + 1e-9);
        }
      }),
    );
  });

  it('depends on the seed, and spreads over the rows of a class', () => {
    const codes = Uint32Array.from({ length: 2000 }, (_, row) => row % 2);
    const slots = new Uint32Array(createSlots(2000));
    const [a, b, again] = [1, 2, 1].map((seed) => holdOutClasses(slots, codes, 2, 0.25, seed));
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
    for (let part = 0; part < 4; part++) {
      // Mean 125, standard deviation 8.4: six of them either way.
      expect(Math.abs(sum(a.subarray(part * 500, (part + 1) * 500)) - 125)).toBeLessThan(50);
    }
  });
});

describe('holdOutLatest', () => {
  it('holds out round(fraction N) rows, none earlier than one that is trained on, and none without a time', () => {
    const times = fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -20, max: 20 }) }, fc.constant(Number.NaN)),
      {
        minLength: 1,
        maxLength: 300,
      },
    );
    fc.assert(
      fc.property(times, fractions, seeds, (values, fraction, seed) => {
        const slots = slotsOf(values.length, seed);
        const rows = keptRows(slots);
        const known = rows.filter((row) => !Number.isNaN(values[row]));
        const held = holdOutLatest(slots, Float64Array.from(values), fraction);
        const wanted = Math.min(known.length, Math.round(fraction * rows.length));
        // An order of (time, row), sorted by someone else's sort.
        const latest = known.sort((a, b) => values[a] - values[b] || a - b).slice(known.length - wanted);
        expect(Array.from(held.keys()).filter((row) => held[row] === 1)).toEqual(latest.sort((a, b) => a - b));
      }),
    );
  });
});

describe('holdOutGroups', () => {
  const groups = fc.array(fc.nat(30), { minLength: 2, maxLength: 500 });
  const texts = Array.from({ length: 31 }, (_, code) => `customer ${code}`);

  it('tears no group, and holds out about as many rows as wanted: within the largest group', () => {
    fc.assert(
      fc.property(groups, fractions, seeds, (values, fraction, seed) => {
        const codes = Uint32Array.from(values);
        const slots = slotsOf(codes.length, seed);
        const rows = keptRows(slots);
        const held = holdOutGroups(slots, codes, texts, fraction, seed);
        const sizes = new Map<number, number>();
        for (const row of rows) sizes.set(codes[row], (sizes.get(codes[row]) ?? 0) + 1);
        for (const code of sizes.keys()) {
          const own = rows.filter((row) => codes[row] === code).map((row) => held[row]);
          expect(new Set(own).size).toBe(1);
        }
        if (sizes.size > 1) {
          expect(sum(held)).toBeGreaterThan(0);
          expect(Math.abs(sum(held) - fraction * rows.length)).toBeLessThanOrEqual(Math.max(...sizes.values()));
        }
      }),
    );
  });

  it('goes by the texts of the groups: neither their order nor that of the rows matters, and the seed does', () => {
    const codes = Uint32Array.from({ length: 310 }, (_, row) => (row * 7) % 31);
    const slots = new Uint32Array(createSlots(310));
    const heldTexts = (own: Uint32Array, names: readonly string[], seed: number) => {
      const held = holdOutGroups(slots, own, names, 0.3, seed);
      return [
        ...new Set(
          Array.from(own.keys())
            .filter((row) => held[row] === 1)
            .map((row) => names[own[row]]),
        ),
      ].sort();
    };
    const reversed = codes.map((code) => 30 - code).reverse();
    expect(heldTexts(reversed, [...texts].reverse(), 5)).toEqual(heldTexts(codes, texts, 5));
    expect(heldTexts(codes, texts, 6)).not.toEqual(heldTexts(codes, texts, 5));
  });

  it('cannot divide a single group', () => {
    expect(sum(holdOutGroups(new Uint32Array(createSlots(9)), new Uint32Array(9), ['all'], 0.4, 0))).toBe(0);
  });
});

describe('placeHeld', () => {
  it('numbers the rows that are trained on, then the others, in the order of the file', () => {
    const slots = new Uint32Array(createSlots(6));
    slots[1] = DROPPED;
    expect(placeHeld(slots, Uint8Array.of(1, 1, 0, 1, 0, 0))).toEqual({ trainRows: 3, validationRows: 2 });
    expect([...slots]).toEqual([3, DROPPED, 0, 4, 1, 2]);
  });
});
