/** Entry of every worker thread: each export is a task by that name. What a task does is in src/. */
import { runShare, type Share } from '../src/data/tasks.js';
import type { SegmentResult } from '../src/parallel/segment.js';
import { settle, type TaskResult } from '../src/parallel/task-result.js';
import { type ForwardTask, runForwardTask, runSegmentTask, type SegmentTask } from '../src/parallel/thread.js';

/** This worker's part of a segment of training steps. */
export function segment(task: SegmentTask): Promise<TaskResult<SegmentResult | null>> {
  return settle(() => runSegmentTask(task));
}

/** A range of rows through the network. */
export function forward(task: ForwardTask): Promise<TaskResult<boolean>> {
  return settle(() => runForwardTask(task));
}

/** This worker's share of a task of loading a table. */
export function data(share: Share): Promise<TaskResult<unknown>> {
  return settle(() => runShare(share));
}
