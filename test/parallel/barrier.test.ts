/** The barrier between real threads: it holds, nobody is forgotten, and an abort reaches spinners and sleepers. */
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { ABORT } from '../../src/memory/control.js';
import { meet } from '../../src/parallel/barrier.js';
import { createPatience } from '../../src/parallel/patience.js';

/** Indices of 32-bit words. */
const WORD = 16;
const BOARD = 32;
/** Whoever spins this often has not gone to sleep in a test. */
const FOREVER = 2 ** 31 - 1;

interface Outcome {
  passed: boolean;
  broken: number;
}

const running: Worker[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.terminate()));
});

/** Starts the parties on a fresh memory; each party's promise settles when it has left its last barrier. */
function start(options: { parties: number; rounds: number; spins: (i: number) => number; absent?: number }) {
  const { parties, rounds, absent = 0 } = options;
  const buffer = new SharedArrayBuffer(4096);
  const words = new Int32Array(buffer);
  const outcomes = Array.from({ length: parties - absent }, (_, index) => {
    const workerData = { buffer, word: WORD, board: BOARD, index, parties, rounds, spins: options.spins(index) };
    const worker = new Worker(new URL('./barrier-party.mjs', import.meta.url), { workerData });
    running.push(worker);
    return new Promise<Outcome>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  });
  const arrivals = () => Atomics.load(words, WORD);
  const sleepers = () => Atomics.load(words, WORD + 1);
  const abort = (notify: boolean) => {
    Atomics.or(words, WORD, ABORT);
    if (notify) Atomics.notify(words, WORD);
  };
  return { outcomes: Promise.all(outcomes), arrivals, sleepers, abort };
}

/** Gives up the thread until the condition holds; the test's own time limit ends a wait in vain. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

describe('the barrier', () => {
  test.each([
    { parties: 2, rounds: 4000, spins: 2000 },
    { parties: 2, rounds: 1500, spins: 0 },
    { parties: 3, rounds: 1000, spins: 1 },
    { parties: 3, rounds: 1000, spins: 100 },
    { parties: 7, rounds: 200, spins: 50 },
    { parties: 16, rounds: 60, spins: 0 },
  ])('lets $parties threads pass $rounds times together, spinning $spins times', async ({ parties, rounds, spins }) => {
    const { outcomes, arrivals, sleepers } = start({ parties, rounds, spins: () => spins });
    expect(await outcomes).toEqual(new Array(parties).fill({ passed: true, broken: 0 }));
    expect(arrivals()).toBe(parties * rounds);
    expect(sleepers()).toBe(0);
  });

  test('brings together threads that sleep at once and threads that spin', async () => {
    const { outcomes, sleepers } = start({ parties: 4, rounds: 400, spins: (i) => (i % 2 === 0 ? 0 : 3000) });
    expect(await outcomes).toEqual(new Array(4).fill({ passed: true, broken: 0 }));
    expect(sleepers()).toBe(0);
  });

  test('wakes sleepers on an abort', async () => {
    const { outcomes, sleepers, abort } = start({ parties: 4, rounds: 9, spins: () => 0, absent: 1 });
    await until(() => sleepers() === 3);
    abort(true);
    expect(await outcomes).toEqual(new Array(3).fill({ passed: false, broken: 0 }));
    expect(sleepers()).toBe(0);
  });

  test('lets spinners see an abort without a notification', async () => {
    const { outcomes, arrivals, sleepers, abort } = start({ parties: 3, rounds: 9, spins: () => FOREVER, absent: 2 });
    await until(() => arrivals() === 1);
    expect(sleepers()).toBe(0);
    abort(false);
    expect(await outcomes).toEqual([{ passed: false, broken: 0 }]);
  });

  test('lets everybody out when an abort comes between many barriers', async () => {
    const { outcomes, arrivals, sleepers, abort } = start({ parties: 5, rounds: 1e6, spins: (i) => 20 * i });
    await until(() => arrivals() > 500);
    abort(true);
    expect(await outcomes).toEqual(new Array(5).fill({ passed: false, broken: 0 }));
    expect(sleepers()).toBe(0);
  });

  test('does not let anyone wait who arrives after the abort', () => {
    const words = new Int32Array(new SharedArrayBuffer(64));
    words[0] = ABORT;
    expect(meet({ words, at: 0 }, 2, createPatience(FOREVER))).toBe(false);
    expect(meet({ words, at: 0 }, 1, createPatience(0))).toBe(false);
  });

  test('lets one party pass alone', () => {
    const words = new Int32Array(new SharedArrayBuffer(64));
    for (let round = 1; round <= 3; round++) {
      expect(meet({ words, at: 0 }, 1, createPatience(9))).toBe(true);
      expect(words[0]).toBe(round);
    }
  });
});
