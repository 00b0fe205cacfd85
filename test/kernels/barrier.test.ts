/** The barrier between real threads: it holds, nobody is forgotten, and an abort reaches spinners and sleepers. */
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { chooseKernels, instantiateKernels, KERNEL_NAMES } from '../../src/kernels/load.js';

/** Byte offsets. */
const WORD = 64;
const BOARD = 128;
const ABORT = 0x80000000 | 0;
/** As many as the barrier takes: whoever spins this long has not gone to sleep in a test. */
const FOREVER = 2 ** 31 - 1;

interface Outcome {
  returned: number;
  broken: number;
}

const running: Worker[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.terminate()));
});

const compiled = new Map(KERNEL_NAMES.map((name) => [name, chooseKernels(name).module]));

/** Starts the parties on a fresh memory; each party's promise settles when it has left its last barrier. */
function start(
  name: (typeof KERNEL_NAMES)[number],
  options: { parties: number; rounds: number; spins: (i: number) => number; absent?: number },
) {
  const { parties, rounds, absent = 0 } = options;
  const module = compiled.get(name)!;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const words = new Int32Array(memory.buffer);
  const outcomes = Array.from({ length: parties - absent }, (_, index) => {
    const workerData = {
      module,
      memory,
      word: WORD,
      board: BOARD,
      index,
      parties,
      rounds,
      spins: options.spins(index),
    };
    const worker = new Worker(new URL('./barrier-party.mjs', import.meta.url), { workerData });
    running.push(worker);
    return new Promise<Outcome>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  });
  const arrivals = () => Atomics.load(words, WORD / 4);
  const sleepers = () => Atomics.load(words, WORD / 4 + 1);
  const abort = (notify: boolean) => {
    Atomics.or(words, WORD / 4, ABORT);
    if (notify) Atomics.notify(words, WORD / 4);
  };
  return { module, memory, outcomes: Promise.all(outcomes), arrivals, sleepers, abort };
}

/** Gives up the thread until the condition holds; the test's own time limit ends a wait in vain. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

describe.each(KERNEL_NAMES)('%s', (name) => {
  test.each([
    { parties: 2, rounds: 4000, spins: 2000 },
    { parties: 2, rounds: 1500, spins: 0 },
    { parties: 3, rounds: 1000, spins: 1 },
    { parties: 7, rounds: 200, spins: 50 },
    { parties: 16, rounds: 60, spins: 0 },
  ])('$parties threads pass $rounds barriers together, spinning $spins times', async ({ parties, rounds, spins }) => {
    const { outcomes, arrivals, sleepers } = start(name, { parties, rounds, spins: () => spins });
    expect(await outcomes).toEqual(new Array(parties).fill({ returned: 0, broken: 0 }));
    expect(arrivals()).toBe(parties * rounds);
    expect(sleepers()).toBe(0);
  });

  test('threads that sleep at once and threads that spin meet', async () => {
    const { outcomes, sleepers } = start(name, { parties: 4, rounds: 400, spins: (i) => (i % 2 === 0 ? 0 : 3000) });
    expect(await outcomes).toEqual(new Array(4).fill({ returned: 0, broken: 0 }));
    expect(sleepers()).toBe(0);
  });

  test('an abort wakes sleepers', async () => {
    const { outcomes, sleepers, abort } = start(name, { parties: 4, rounds: 9, spins: () => 0, absent: 1 });
    await until(() => sleepers() === 3);
    abort(true);
    expect(await outcomes).toEqual(new Array(3).fill({ returned: 1, broken: 0 }));
    expect(sleepers()).toBe(0);
  });

  test('an abort reaches spinners without a notification', async () => {
    const { outcomes, arrivals, sleepers, abort } = start(name, {
      parties: 3,
      rounds: 9,
      spins: () => FOREVER,
      absent: 2,
    });
    await until(() => arrivals() === 1);
    expect(sleepers()).toBe(0);
    abort(false);
    expect(await outcomes).toEqual([{ returned: 1, broken: 0 }]);
  });

  test('an abort while barriers are being passed lets everybody out', async () => {
    const { outcomes, arrivals, sleepers, abort } = start(name, { parties: 5, rounds: 1e6, spins: (i) => 20 * i });
    await until(() => arrivals() > 500);
    abort(true);
    const left = await outcomes;
    expect(left.map(({ returned }) => returned)).toEqual([1, 1, 1, 1, 1]);
    expect(left.every(({ broken }) => broken === 0)).toBe(true);
    expect(sleepers()).toBe(0);
  });

  test('arriving after the abort does not wait', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const { barrier } = instantiateKernels(compiled.get(name)!, name, memory);
    Atomics.or(new Int32Array(memory.buffer), WORD / 4, ABORT);
    expect(barrier(WORD, 2, FOREVER)).toBe(1);
    expect(barrier(WORD, 1, 0)).toBe(1);
  });

  test('one party passes alone', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const { barrier } = instantiateKernels(compiled.get(name)!, name, memory);
    expect([barrier(WORD, 1, 0), barrier(WORD, 1, 9), barrier(WORD, 1, 0)]).toEqual([0, 0, 0]);
    expect(new Int32Array(memory.buffer)[WORD / 4]).toBe(3);
  });
});
