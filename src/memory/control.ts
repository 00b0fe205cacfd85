/**
 * The words that threads speak through: what each is, who writes it, who reads it.
 *
 * Barrier lines. Segment n uses line n % BARRIER_LINES, which the coordinator clears before the segment starts; a thread
 * left over from an earlier segment can only touch its own line, so a rebuilt pool never meets stale counts.
 *   word 0  arrivals (low 31 bits: every worker adds 1 at each barrier, never reset within a segment) and the abort bit
 *           (the sign bit: set by the coordinator only, when a worker failed or the user interrupts). One word, so that a
 *           worker about to sleep on it cannot miss an abort.
 *   word 1  sleepers: workers that sleep on word 0; the last to arrive wakes them only when there are any.
 *
 * Worker counters, one block a worker, each written by that worker alone and read by the coordinator:
 *   Int32   word 0: steps finished in this segment
 *   Float64 words 1..PHASES.length: seconds spent in each phase since the run began (sampled, scaled up)
 *   Float64 word FASTEST_STEP: seconds of the fastest timed step of the last segment
 */

/** Bytes of a cache line: the alignment of every buffer. */
export const LINE_BYTES = 64;
export const BARRIER_LINES = 64;
/** The abort bit of a barrier's word 0. */
export const ABORT = 0x8000_0000 | 0;
/** Arrivals that a segment may count before it would touch the abort bit. */
export const MAX_ARRIVALS = 0x7fff_ffff;

/** The phases of a step whose time is counted, in the order of their counters. */
export const PHASES = ['gather', 'forward', 'backward', 'reduce', 'update', 'wait'] as const;
export type Phase = (typeof PHASES)[number];
export const FASTEST_STEP = PHASES.length + 1;

/** Two lines, so that neighbours prefetched together still belong to one worker. */
export const WORKER_COUNTER_BYTES = 2 * LINE_BYTES;

/** Byte offset of the barrier line of a segment. */
export function barrierLine(barriers: number, segment: number): number {
  return barriers + (segment % BARRIER_LINES) * LINE_BYTES;
}

/** Clears a segment's line. Coordinator only, before any worker knows of the segment. */
export function openBarrier(words: Int32Array, line: number): void {
  Atomics.store(words, line / 4, 0);
  Atomics.store(words, line / 4 + 1, 0);
}

/** Tells every worker of the segment to stop, awake or asleep. Coordinator only. */
export function abortBarrier(words: Int32Array, line: number): void {
  Atomics.or(words, line / 4, ABORT);
  Atomics.notify(words, line / 4);
}

/** Whether the segment is told to stop. */
export function isAborted(words: Int32Array, line: number): boolean {
  return Atomics.load(words, line / 4) < 0;
}
