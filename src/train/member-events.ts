/** The events of one training of several as those of the run: they say which one it is, and look ahead to the end of all. */
import type { ProgressEvent } from './events.js';
import type { RunContext } from './member.js';

/** Which training; indices count from 0. */
export interface Place {
  readonly member: number;
  readonly members: number;
  /** Of the network that is trained beside the member. */
  readonly companion?: true;
  readonly fold?: number;
  /** Of a cross-validation. */
  readonly folds?: number;
}

export function memberEvents(run: RunContext, { member, members, companion, fold = 0, folds }: Place): RunContext {
  const all = members * (folds ?? 1);
  if (all === 1 && !companion) return run;
  const index = fold * members + member;
  const whose = {
    ...(folds !== undefined && { fold: fold + 1 }),
    ...(members > 1 && { member: member + 1 }),
    ...(companion && { companion }),
  };
  const startedAt = performance.now();
  const emit = (event: ProgressEvent): void => {
    // What is to be known of the table was said before the first one.
    if (event.type === 'warning' && event.code === 'data' && (index > 0 || companion)) return;
    if (event.type === 'epoch') run.emit({ ...event, ...whose });
    else if (event.type !== 'step') run.emit(event);
    else {
      const taken = (performance.now() - startedAt) / 1000 + event.eta;
      run.emit({ ...event, ...whose, eta: event.eta + (all - index - 1) * taken });
    }
  };
  const appendMetrics = (record: object): void => run.directory.appendMetrics({ ...record, ...whose });
  return { ...run, emit, directory: { ...run.directory, appendMetrics } };
}
