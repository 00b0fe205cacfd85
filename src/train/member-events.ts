/** The events of a member as those of the run: they say whose they are, and look ahead to the end of all members. */
import type { TrainEvent } from './events.js';
import type { RunContext } from './member.js';

/**
 * @param index of the member, counted from 0
 * @param members how many there will be
 */
export function memberEvents(run: RunContext, index: number, members: number): RunContext {
  if (members === 1) return run;
  const whose = { member: index + 1 };
  const startedAt = performance.now();
  const emit = (event: TrainEvent): void => {
    // What is to be known of the table was said before the first member.
    if (event.type === 'warning' && event.code === 'data' && index > 0) return;
    if (event.type === 'epoch') run.emit({ ...event, ...whose });
    else if (event.type !== 'step') run.emit(event);
    else {
      const taken = (performance.now() - startedAt) / 1000 + event.eta;
      run.emit({ ...event, ...whose, eta: event.eta + (members - index - 1) * taken });
    }
  };
  const appendMetrics = (record: object): Promise<void> => run.directory.appendMetrics({ ...record, ...whose });
  return { ...run, emit, directory: { ...run.directory, appendMetrics } };
}
