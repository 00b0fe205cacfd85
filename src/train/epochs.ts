/**
 * The loop over epochs: each is one segment on the workers (several when it has very many steps), then a score of the
 * held-out rows. It reports, keeps the losses, and stops where the loss is no longer a number.
 */
import type { Dataset } from '../data/dataset.js';
import type { Target } from '../data/preprocess.js';
import { ParagradError } from '../errors.js';
import { MAX_SEGMENT_STEPS } from '../memory/layout.js';
import type { StepPlan } from '../parallel/plan.js';
import {
  forwardRows,
  restoreSnapshot,
  runSegment,
  type SegmentOutcome,
  type Session,
  takeSnapshot,
} from '../parallel/session.js';
import type { EpochEvent, TrainEvent } from './events.js';
import type { RunDirectory } from './run-directory.js';
import { readTruth, scoreOutputs, type Truth } from './score.js';
import { untilAborted } from './until-aborted.js';

/** What is trained on, and for how long. */
export interface Schedule {
  readonly session: Session<StepPlan>;
  readonly dataset: Dataset;
  readonly target: Target;
  /** Slots 0 .. trainRows - 1 train, the next validationRows are held out. */
  readonly trainRows: number;
  readonly validationRows: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Steps of the whole run: epochs * stepsPerEpoch, or the cap. */
  readonly steps: number;
  readonly seed: number;
}

/** The loss stopped being a number. The weights are those of the last whole epoch. */
export interface Divergence {
  /** Counted from 1, over the whole run. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Losses of the steps just before, oldest first. */
  readonly before: readonly number[];
}

export interface EpochsOutcome {
  /** Whole epochs behind the weights as they are now. */
  readonly epochs: number;
  readonly steps: number;
  readonly skippedBatches: number;
  readonly validation: EpochEvent['validation'];
  /** Seconds of training steps, scoring left out. */
  readonly seconds: number;
  /** Rows trained on, repeats counted. */
  readonly rows: number;
  readonly divergence: Divergence | null;
}

/** Lines of metrics.jsonl for steps: about this many, evenly spread. */
const LOGGED_STEPS = 500;
/** Losses shown before a divergence. */
const SHOWN_LOSSES = 3;

/**
 * @throws ParagradError `interrupted`, `worker_failed`
 */
export async function runEpochs(
  schedule: Schedule,
  directory: RunDirectory,
  signal: AbortSignal,
  emit: (event: TrainEvent) => void,
): Promise<EpochsOutcome> {
  const { session, dataset, stepsPerEpoch, trainRows, validationRows, target } = schedule;
  const { plan } = session;
  const held = validationRows > 0 ? readTruth(dataset, target, trainRows, trainRows + validationRows) : null;
  const interval = Math.max(1, Math.round(schedule.steps / LOGGED_STEPS));
  const recent: number[] = [];
  let good = takeSnapshot(session);
  let validation: EpochEvent['validation'];
  let segment = 0;
  let steps = 0;
  let skipped = 0;
  let rows = 0;
  let seconds = 0;

  const rowsOf = (batches: number): number => Math.min(batches * plan.batchSize, trainRows);
  const report = (epoch: number, done: number, loss: number, elapsed: number, epochRows: number): void => {
    const pace = elapsed / (steps + done);
    emit({
      type: 'step',
      epoch: epoch + 1,
      step: steps + done,
      stepsPerEpoch,
      loss,
      rowsPerSecond: (rows + epochRows) / elapsed,
      eta: pace * (schedule.steps - steps - done),
    });
  };

  for (let epoch = 0; steps < schedule.steps; epoch++) {
    const startedAt = performance.now();
    const batches = Math.min(stepsPerEpoch, schedule.steps - steps);
    const mean = createMean();
    for (let first = 0; first < batches; first += MAX_SEGMENT_STEPS) {
      const count = Math.min(MAX_SEGMENT_STEPS, batches - first);
      const segmentStart = performance.now();
      const elapsed = (): number => seconds + (performance.now() - segmentStart) / 1000;
      const request = { segment: segment++, seed: schedule.seed, epoch, trainRows, firstBatch: first, batches: count };
      const outcome = await runSegment(session, dataset, { ...request, updates: steps - skipped }, signal, (done) => {
        if (done === 0) return;
        const loss = session.views.f64[plan.layout.losses / 8 + done - 1];
        report(epoch, done, loss, elapsed(), rowsOf(first + done) - rowsOf(first));
      });
      seconds = elapsed();
      rows += rowsOf(first + outcome.steps) - rowsOf(first);
      await logLosses(outcome, epoch, steps, interval, directory);
      outcome.losses.forEach((loss, i) => {
        const batchRows = rowsOf(first + i + 1) - rowsOf(first + i);
        if (!Number.isNaN(loss)) mean.add(loss, plan.reduction === 'mean' ? batchRows : 1);
      });
      recent.push(...outcome.losses.slice(-SHOWN_LOSSES));
      steps += outcome.steps;
      skipped += outcome.skipped;
      if (outcome.status === 'stopped') throw interrupted();
      if (outcome.status === 'diverged') {
        restoreSnapshot(session, good);
        const before = recent.slice(-SHOWN_LOSSES);
        const divergence = { step: steps + 1, epoch: epoch + 1, loss: outcome.loss, before };
        return { epochs: epoch, steps, skippedBatches: skipped, validation, seconds, rows, divergence };
      }
    }
    report(epoch, 0, recent[recent.length - 1], seconds, 0);
    if (held !== null) validation = await scoreHeldOut(schedule, held, signal);
    good = takeSnapshot(session);
    const event: EpochEvent = {
      type: 'epoch',
      epoch: epoch + 1,
      epochs: schedule.epochs,
      step: steps,
      trainLoss: mean.value(),
      ...(validation && { validation }),
      seconds: (performance.now() - startedAt) / 1000,
    };
    await directory.appendMetrics(event);
    emit(event);
  }
  return { epochs: schedule.epochs, steps, skippedBatches: skipped, validation, seconds, rows, divergence: null };
}

/** Loss (mean over rows, without the penalty) and scores of the held-out rows. */
async function scoreHeldOut(schedule: Schedule, held: Truth, signal: AbortSignal): Promise<EpochEvent['validation']> {
  const { session, dataset, trainRows, validationRows, target } = schedule;
  const { plan } = session;
  const { logits, lossSum } = await untilAborted(
    forwardRows(session, dataset, trainRows, trainRows + validationRows, {
      loss: { name: plan.loss, weighted: plan.weighted },
    }),
    signal,
    interrupted,
  );
  const weight = held.weights?.reduce((sum, w) => sum + w, 0) ?? held.rows;
  const outputs = plan.network.sizes[plan.network.sizes.length - 1];
  return { loss: lossSum / weight, metrics: scoreOutputs(logits, outputs, target, held) };
}

/** Every `interval`-th step of the run as a line of metrics.jsonl. */
async function logLosses(
  outcome: SegmentOutcome,
  epoch: number,
  stepsBefore: number,
  interval: number,
  directory: RunDirectory,
): Promise<void> {
  const lines: Promise<void>[] = [];
  outcome.losses.forEach((loss, i) => {
    const step = stepsBefore + i + 1;
    if (step % interval !== 0 || Number.isNaN(loss)) return;
    lines.push(directory.appendMetrics({ type: 'step', step, epoch: epoch + 1, loss }));
  });
  await Promise.all(lines);
}

export function interrupted(): ParagradError {
  return new ParagradError('interrupted', 'interrupted: nothing was kept', { kind: 'interrupted' });
}

function createMean(): { add(value: number, weight: number): void; value(): number } {
  let sum = 0;
  let total = 0;
  return {
    add(value, weight) {
      sum += value * weight;
      total += weight;
    },
    value: () => sum / total,
  };
}
