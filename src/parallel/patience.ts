/**
 * How long a worker looks at a barrier before it goes to sleep: long where that ends most waits, short where it does not.
 *
 * Falling asleep and being woken costs 50 to 100 us. Spinning for about as long costs at most twice what the best choice
 * would (Karlin, Li, Manasse, Owicki: "Empirical studies of competitive spinning for a shared-memory multiprocessor",
 * SOSP 1991), and on cores of one's own most waits end within that time. Where workers share cores with others, the one that is
 * waited for may be waiting for the core that the spinner holds; then each turn delays both. So two long waits
 * running that ended in sleep make the next ones short, and long ones are tried again ever more rarely, until one succeeds.
 * One alone does not: it may be a delay of the moment (another thread, the system's own work), and who wakes from it comes late
 * to the next barrier by less than a long wait; short waits there could send the others to sleep in turn, and so on.
 *
 * Only time depends on it, no bit.
 */

/** Turns of a long wait: about 100 us, as 5 ns a turn were measured. */
export const LONG_TURNS = 20_000;
/** Turns of a short wait: about 5 us. */
const SHORT_TURNS = 1000;
/** Most short waits between two long ones. */
const MOST_SHORT = 32;

export interface Patience {
  /** How often to look in the next wait. */
  turns(): number;
  /** How that wait ended: asleep, or within its turns. */
  ended(asleep: boolean): void;
}

/** @param most turns; 0 for workers that outnumber the cores: they sleep at once */
export function createPatience(most: number): Patience {
  /** Short waits to come, and how many they were last time. */
  let left = 0;
  let pause = 0;
  /** Whether the last long wait was in vain. */
  let missed = false;
  return {
    turns: () => (left === 0 ? most : Math.min(most, SHORT_TURNS)),
    ended(asleep) {
      if (left > 0) {
        left--;
      } else if (!asleep) {
        missed = false;
        pause = 0;
      } else if (missed) {
        pause = Math.min(MOST_SHORT, 2 * pause + 1);
        left = pause;
      } else {
        missed = true;
      }
    },
  };
}
