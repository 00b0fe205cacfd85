/**
 * A counting barrier on two shared words: `word` counts arrivals and holds the abort bit, the next one counts sleepers.
 *
 * Arrivals only grow, so one word serves all barriers of a segment: the r-th is complete when the count reaches
 * r * parties. A thread that has left may already have arrived at the next one, hence "reached", not "equals". The
 * coordinator clears both words before a segment (memory/control.ts).
 *
 * Why no wake-up is lost, though the last to arrive notifies only when it sees a sleeper. All four operations are
 * sequentially consistent: (1) a waiter adds itself to the sleepers, (2) then waits on the word only while the word still
 * holds an incomplete count; the last to arrive (3) completes the count, (4) then reads the sleepers. If (4) does not see
 * (1), then (4) precedes (1), so (3) precedes (2), and the waiter finds the complete count and does not sleep. If it does,
 * it notifies; the waiter either sleeps and is woken, or has not yet reached (2) and will not sleep: wait compares and
 * queues as one step. A thread woken for another barrier's sake re-reads the word and sleeps again. The abort works
 * likewise: the coordinator sets the sign bit, then notifies unconditionally.
 *
 * In TypeScript and not in the kernels on purpose: on Node 20 the baseline WebAssembly compiler miscompiles a function with
 * memory.atomic.wait32 (seen: workers let through one arrival early, in up to 7 of 15 short runs; never with that compiler
 * off). The engine's own Atomics cost the same here.
 */
import type { Patience } from './patience.js';

/** The shared words of one segment's barrier. */
export interface BarrierWords {
  readonly words: Int32Array;
  /** Index of the arrivals' word; the sleepers' word follows it. */
  readonly at: number;
}

/**
 * Arrives and waits for the others.
 *
 * @param parties how many arrive at each barrier
 * @param patience how often to look before going to sleep; is told how the wait ended
 * @returns false when the abort bit is set, now or while waiting
 */
export function meet({ words, at }: BarrierWords, parties: number, patience: Patience): boolean {
  const before = Atomics.add(words, at, 1);
  if (before < 0) return false;
  const target = before - (before % parties) + parties;
  if (before + 1 === target) {
    if (Atomics.load(words, at + 1) > 0) Atomics.notify(words, at);
    return true;
  }
  for (let left = patience.turns(); left > 0; left--) {
    const seen = Atomics.load(words, at);
    if (seen < 0) return false;
    if (seen < target) continue;
    patience.ended(false);
    return true;
  }
  patience.ended(true);
  Atomics.add(words, at + 1, 1);
  let seen = Atomics.load(words, at);
  while (seen >= 0 && seen < target) {
    Atomics.wait(words, at, seen);
    seen = Atomics.load(words, at);
  }
  Atomics.sub(words, at + 1, 1);
  return seen >= 0;
}
