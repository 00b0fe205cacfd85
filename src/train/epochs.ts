/**
 * The loop over epochs: each is one segment on the workers (several when it has very many steps), then a score of the
 * held-out rows. It reports, keeps the losses, and stops where the loss is no longer a number.
 */
import type { SlotRange, TrainingInput } from '../data/input.js';
import type { Target } from '../data/preprocess.js';
import { ParagradError } from '../errors.js';
import { MAX_SEGMENT_STEPS } from '../memory/layout.js';
import type { StepPlan } from '../parallel/plan.js';
import { parameterView, runSegment, type SegmentOutcome, type Session } from '../parallel/session.js';
import { type Divergence, findFault } from './divergence.js';
import type { EpochEvent, FindingEvent, TrainEvent } from './events.js';
import { type HeldOutScore, lossOfRows, scoreHeldOut } from './held-out.js';
import { createKeeper, type KeeperOptions, type Reached } from './keeper.js';
import { createMonitor } from './monitor.js';
import type { RunDirectory } from './run-directory.js';
import { untilAborted } from './until-aborted.js';

/** What is trained on, and for how long. */
export interface Schedule {
  readonly session: Session<StepPlan>;
  readonly input: TrainingInput;
  readonly target: Target;
  readonly trainRows: number;
  readonly validationRows: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Steps of the whole run: epochs * stepsPerEpoch, or the cap. */
  readonly steps: number;
  readonly keeping: KeeperOptions;
}

/** Of the weights as they are now: those of the epoch that was kept. */
export interface EpochsOutcome extends Reached {
  /** Steps taken in all. */
  readonly stepsTaken: number;
  readonly skippedBatches: number;
  /** Seconds of training steps and of waiting for their rows, scoring left out. */
  readonly seconds: number;
  /** Seconds of waiting for rows. */
  readonly waited: number;
  /** Rows trained on, repeats counted. */
  readonly rows: number;
  /** Of a run that was put back to its last sound epoch. */
  readonly divergence: Divergence | null;
}

/** Lines of metrics.jsonl for steps: about this many, evenly spread. */
const LOGGED_STEPS = 500;
/** Losses shown before a divergence. */
const SHOWN_LOSSES = 3;

/**
 * @throws ParagradError `interrupted`, `worker_failed`, `no_weight` when an epoch has nothing to learn from
 */
export async function runEpochs(
  schedule: Schedule,
  directory: RunDirectory,
  signal: AbortSignal,
  emit: (event: TrainEvent) => void,
): Promise<EpochsOutcome> {
  const { session, input, stepsPerEpoch, trainRows, validationRows, target } = schedule;
  const { plan } = session;
  const interval = Math.max(1, Math.round(schedule.steps / LOGGED_STEPS));
  const monitor = createMonitor(session, 'paragrad doctor with the same options');
  let recent: number[] = [];
  let firstLoss = Number.POSITIVE_INFINITY;
  const keeper = createKeeper(session, schedule.keeping);
  let segment = 0;
  let steps = 0;
  let skipped = 0;
  let rows = 0;
  let seconds = 0;
  let waited = 0;

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

  const end = (divergence: Divergence | null): EpochsOutcome => {
    const reached = keeper.restore();
    return { ...reached, stepsTaken: steps, skippedBatches: skipped, seconds, waited, rows, divergence };
  };

  for (let epoch = 0; steps < schedule.steps; epoch++) {
    const startedAt = performance.now();
    const batches = Math.min(stepsPerEpoch, schedule.steps - steps);
    const mean = createMean();
    for (let first = 0; first < batches; ) {
      const segmentStart = performance.now();
      const rowStart = rowsOf(first);
      const ready = await untilAborted(input.train(epoch, rowStart, rowsOf(first + 1)), signal, interrupted);
      waited += (performance.now() - segmentStart) / 1000;
      const available = ready.end === trainRows ? batches : Math.floor(ready.end / plan.batchSize);
      const count = Math.min(MAX_SEGMENT_STEPS, Math.min(batches, available) - first);
      const elapsed = (): number => seconds + (performance.now() - segmentStart) / 1000;
      const request = { segment: segment++, order: ready.order, firstBatch: first, batches: count };
      const updates = steps - skipped;
      const outcome = await runSegment(session, input.dataset, { ...request, updates }, signal, (done) => {
        if (done === 0) return;
        const loss = session.views.f64[plan.layout.losses / 8 + done - 1];
        report(epoch, done, loss, elapsed(), rowsOf(first + done) - rowStart);
      });
      seconds = elapsed();
      rows += rowsOf(first + outcome.steps) - rowStart;
      await logLosses(outcome, epoch, steps, interval, directory);
      outcome.losses.forEach((loss, i) => {
        const batchRows = rowsOf(first + i + 1) - rowsOf(first + i);
        if (!Number.isNaN(loss)) mean.add(loss, plan.reduction === 'mean' ? batchRows : 1);
      });
      recent = [...recent, ...outcome.losses.filter((loss) => !Number.isNaN(loss)).slice(-SHOWN_LOSSES)].slice(
        -SHOWN_LOSSES,
      );
      if (firstLoss === Number.POSITIVE_INFINITY && mean.value() > 0) {
        const [loss] = outcome.losses.filter((value) => !Number.isNaN(value));
        firstLoss = plan.reduction === 'mean' ? loss : loss / plan.batchSize;
      }
      steps += outcome.steps;
      skipped += outcome.skipped;
      if (outcome.status === 'stopped') throw interrupted();
      if (outcome.status === 'diverged') {
        const what = `the loss of step ${steps + 1} (epoch ${epoch + 1}) is ${outcome.loss}`;
        return end({ what, before: recent });
      }
      first += count;
    }
    if (skipped === steps) throw weightless();
    report(epoch, 0, recent[recent.length - 1], seconds, 0);
    // Without held-out rows, some of the training rows tell whether the weights are sound.
    const scoring =
      validationRows > 0
        ? scoreHeldOut(session, input, epoch, target, validationRows)
        : scoreSample(session, input, input.trained(epoch, rowsOf(batches), plan.batchSize));
    const { lossSum, validation } = await untilAborted<SomeScore>(scoring, signal, interrupted);
    const scoredRows = validationRows > 0 ? validationRows : Math.min(plan.batchSize, trainRows);
    const loss = validation?.loss ?? lossSum / scoredRows;
    const fault = findFault(parameterView(session), loss, firstLoss, `step ${steps} (epoch ${epoch + 1})`);
    if (fault !== null) return end({ what: fault, before: recent });
    const goesOn = keeper.offer({ epochs: epoch + 1, steps, validation });
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
    const lastRows = rowsOf(batches) - rowsOf(batches - 1);
    for (const finding of monitor.look(event, lastRows, scoredRows)) {
      const found: FindingEvent = { type: 'finding', ...finding, step: steps };
      await directory.appendMetrics(found);
      emit(found);
    }
    if (!goesOn) break;
  }
  return end(null);
}

function weightless(): ParagradError {
  return new ParagradError('no_weight', 'every row that was to be trained on has weight 0', {
    hint: 'Give rows to learn from a weight above 0, or leave --weight-column out.',
  });
}

/** A loss, and where rows are held out their scores. */
type SomeScore = Pick<HeldOutScore, 'lossSum'> & Partial<HeldOutScore>;

async function scoreSample(session: Session<StepPlan>, input: TrainingInput, rows: SlotRange): Promise<SomeScore> {
  return { lossSum: (await lossOfRows(session, input, rows)).sum };
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
  return new ParagradError('interrupted', 'interrupted', { kind: 'interrupted', hint: 'Nothing was kept.' });
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
