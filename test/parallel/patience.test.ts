/** How long workers spin: always, where it ends their waits; rarely, where it does not. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPatience } from '../../src/parallel/patience.js';

const MOST = 5000;

/** Turns spent in vain, by a worker whose partner comes after so many turns of each wait. */
function run(arrivals: readonly number[], most = MOST) {
  const patience = createPatience(most);
  let wasted = 0;
  let long = 0;
  for (const arrival of arrivals) {
    const turns = patience.turns();
    if (turns === most) long++;
    const asleep = arrival > turns;
    if (asleep) wasted += turns;
    patience.ended(asleep);
  }
  return { wasted, long };
}

test('every wait is long while long waits succeed', () => {
  const arrivals = fc.array(fc.integer({ min: 0, max: MOST }), { minLength: 1, maxLength: 200 });
  fc.assert(fc.property(arrivals, (list) => run(list).long === list.length));
});

test('a partner that never comes in time costs a long wait in 33', () => {
  const { long } = run(new Array<number>(3300).fill(1e9));
  expect(long).toBeGreaterThan(90);
  expect(long).toBeLessThan(110);
});

test('after one success every wait is long again, until two running are in vain', () => {
  const patience = createPatience(MOST);
  for (let i = 0; i < 1000 || patience.turns() !== MOST; i++) patience.ended(true);
  patience.ended(false);
  for (let i = 0; i < 5; i++) {
    expect(patience.turns()).toBe(MOST);
    patience.ended(false);
  }
  patience.ended(true);
  expect(patience.turns()).toBe(MOST);
  patience.ended(true);
  expect(patience.turns()).toBeLessThan(MOST);
  patience.ended(true);
  expect(patience.turns()).toBe(MOST);
});

test('workers that outnumber the cores never spin', () => {
  const patience = createPatience(0);
  for (const asleep of [true, false, true]) {
    expect(patience.turns()).toBe(0);
    patience.ended(asleep);
  }
});
