/**
 * A counting barrier on two shared words: `word` counts arrivals and holds the abort bit, `word + 4` counts sleepers.
 *
 * Arrivals only grow, so one word serves all barriers of a segment: the r-th is complete when the count reaches
 * r * parties. A thread that has left may already have arrived at the next one, hence "reached", not "equals". The
 * coordinator zeroes both words before a segment; 2^31 arrivals fit in one.
 *
 * Why no wake-up is lost, though the last arriver notifies only when it sees a sleeper. All four operations are
 * sequentially consistent: (1) a waiter adds itself to the sleepers, (2) then waits on the word only while the word
 * still holds an incomplete count; the last arriver (3) completes the count, (4) then reads the sleepers. If (4) does
 * not see (1), then (4) precedes (1), so (3) precedes (2), and the waiter finds the complete count and does not sleep.
 * If it does, it notifies; the waiter either sleeps and is woken, or has not yet reached (2) and will not sleep: wait32
 * compares and queues as one step. A thread woken for another barrier's sake re-reads the word and sleeps again.
 * The abort works likewise: the coordinator sets the sign bit, then notifies unconditionally.
 */

export function barrier(word: usize, parties: i32, spins: i32): i32 {
  const before = atomic.add<i32>(word, 1);
  if (before < 0) return 1;
  const target = (before / parties + 1) * parties;
  const sleepers = word + 4;
  if (before + 1 == target) {
    if (atomic.load<i32>(sleepers) > 0) atomic.notify(word, -1);
    return 0;
  }
  for (; spins > 0; spins--) {
    const seen = atomic.load<i32>(word);
    if (seen < 0) return 1;
    if (seen >= target) return 0;
  }
  atomic.add<i32>(sleepers, 1);
  let seen = atomic.load<i32>(word);
  while (seen >= 0 && seen < target) {
    atomic.wait<i32>(word, seen, -1);
    seen = atomic.load<i32>(word);
  }
  atomic.sub<i32>(sleepers, 1);
  return seen < 0 ? 1 : 0;
}
