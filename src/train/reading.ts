/** What a run tells while it reads its tables: how far it is, and that seldom. It tells nothing of what is soon read. */
import type { LoadProgress } from '../data/stages.js';
import type { ReadingEvent } from './events.js';

const EVERY_MS = 500;

/**
 * A listener to the progress of loading that passes some of it on.
 *
 * @param now milliseconds of a steady clock
 */
export function tellReading(
  emit: (event: ReadingEvent) => void,
  now: () => number = () => performance.now(),
): (progress: LoadProgress) => void {
  let toldAt: number | undefined;
  return ({ location, rows, of }) => {
    const time = now();
    toldAt ??= time;
    if (time - toldAt < EVERY_MS) return;
    toldAt = time;
    emit({ type: 'reading', data: location, rows, share: rows / of });
  };
}
