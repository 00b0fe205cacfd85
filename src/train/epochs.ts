/**
 * The loop over epochs: each is a few segments on the workers, then a score of the held-out rows. It reports, keeps the losses,
 * and where a loss has run away, stops or goes back to the last good weights.
 */
import type { SlotRange, TrainingInput } from '../data/input.js';
import type { Target } from '../data/preprocess.js';
import { ParagradError } from '../errors.js';
import type { StepPlan } from '../parallel/plan.js';
import { runSegment, type SegmentOutcome, type Session } from '../parallel/session.js';
import type { DivergencePolicy } from './config/watch.js';
import type { Divergence } from './divergence.js';
import type { EpochEvent, FindingEvent, ProgressEvent } from './events.js';
import { type HeldOutScore, lossOfRows, scoreHeldOut } from './held-out.js';
import { createKeeper, type KeeperOptions, type Reached } from './keeper.js';
import { createMonitor, NO_MONITOR } from './monitor.js';
import { createRecovery, type Fault } from './recovery.js';
import type { RunDirectory } from './run-directory.js';
import { stretchSteps } from './safe-point.js';
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
  readonly onDivergence: DivergencePolicy;
  readonly monitored: boolean;
}

/** Of the weights as they are now: those of the epoch that was kept, or of a run that diverged its last good ones. */
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
  /** Of a run that diverged. */
  readonly divergence: Divergence | null;
}

/** Lines of metrics.jsonl for steps: about this many, evenly spread. */
const LOGGED_STEPS = 500;
const VERIFY = 'paragrad doctor with the same options';

/**
 * @throws ParagradError `interrupted`, `worker_failed`, `no_weight` when an epoch has nothing to learn from
 */
export async function runEpochs(
  schedule: Schedule,
  directory: RunDirectory,
  signal: AbortSignal,
  emit: (event: ProgressEvent) => void,
): Promise<EpochsOutcome> {
  const { session, input, stepsPerEpoch, trainRows, validationRows, target } = schedule;
  const { plan } = session;
  const interval = Math.max(1, Math.round(schedule.steps / LOGGED_STEPS));
  const monitor = schedule.monitored ? createMonitor(session, schedule.keeping.restore === 'best', VERIFY) : NO_MONITOR;
  const keeper = createKeeper(session, schedule.keeping);
  const recovery = createRecovery(session, schedule.onDivergence, directory.path, VERIFY);
  let segment = 0;
  let steps = 0;
  /** Steps without those that were skipped or taken back. */
  let updates = 0;
  let skipped = 0;
  let rows = 0;
  let seconds = 0;
  let waited = 0;
  let lastLoss = Number.NaN;

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

  const say = (found: FindingEvent): void => {
    directory.appendMetrics(found);
    emit(found);
  };

  const end = (reached: Reached, divergence: Divergence | null): EpochsOutcome => {
    return { ...reached, stepsTaken: steps, skippedBatches: skipped, seconds, waited, rows, divergence };
  };

  /** Goes back to the last good weights; what is left of the run, where it is to end. */
  const recover = async (fault: Fault): Promise<EpochsOutcome | null> => {
    const recovered = await recovery.recover(fault, updates, steps < schedule.steps);
    if (!recovered.goesOn) {
      const isBest = schedule.keeping.restore === 'best' && keeper.epochs > 0;
      return end(isBest ? keeper.restore() : recovered.reached, recovered.divergence);
    }
    updates = recovered.updates;
    say(recovered.finding);
    return null;
  };

  for (let epoch = 0; steps < schedule.steps; epoch++) {
    const startedAt = performance.now();
    const batches = Math.min(stepsPerEpoch, schedule.steps - steps);
    let mean = createMean();
    // Stretches between two safe points end at the same steps wherever rows are kept and whoever watches.
    let stretchEnd = 0;
    for (let first = 0; first < batches; ) {
      if (first === stretchEnd) stretchEnd = Math.min(batches, first + stretchSteps(plan, steps));
      const segmentStart = performance.now();
      const rowStart = rowsOf(first);
      const ready = await untilAborted(input.train(epoch, rowStart, rowsOf(first + 1)), signal, interrupted);
      waited += (performance.now() - segmentStart) / 1000;
      const available = ready.end === trainRows ? batches : Math.floor(ready.end / plan.batchSize);
      const ahead = Math.min(stretchEnd, available) - first;
      const isLast = first + 1 === batches;
      if (isLast) monitor.remember(epoch + 1);
      const count = first + ahead === batches && !isLast && monitor.looksAt(epoch + 1) ? ahead - 1 : ahead;
      const elapsed = (): number => seconds + (performance.now() - segmentStart) / 1000;
      const request = {
        ...{ segment: segment++, order: ready.order, firstBatch: first, batches: count, updates },
        rateFactor: recovery.rateFactor,
        lossLimit: recovery.lossLimit,
      };
      const outcome = await runSegment(session, input.dataset, request, signal, (done) => {
        if (done === 0) return;
        const loss = session.views.f64[plan.layout.losses / 8 + done - 1];
        report(epoch, done, loss, elapsed(), rowsOf(first + done) - rowStart);
      });
      seconds = elapsed();
      rows += rowsOf(first + outcome.steps) - rowStart;
      logLosses(outcome, epoch, steps, interval, directory);
      outcome.losses.forEach((loss, i) => {
        const batchRows = rowsOf(first + i + 1) - rowsOf(first + i);
        if (!Number.isNaN(loss)) mean.add(loss, plan.reduction === 'mean' ? batchRows : 1);
      });
      recovery.saw(outcome.losses);
      lastLoss = outcome.losses.reduce((last, loss) => (Number.isNaN(loss) ? last : loss), lastLoss);
      steps += outcome.steps;
      updates += outcome.steps - outcome.skipped;
      skipped += outcome.skipped;
      first += outcome.steps;
      if (outcome.status === 'stopped') throw interrupted();
      if (outcome.status === 'diverged') {
        const ended = await recover(recovery.stepFault(steps + 1, epoch + 1, outcome.loss));
        if (ended !== null) return ended;
        mean = createMean();
        stretchEnd = first;
        continue;
      }
      if (first === stretchEnd && first < batches) {
        recovery.reached({ epochs: epoch, steps, updates, validation: undefined });
      }
    }
    if (skipped === steps) throw weightless();
    report(epoch, 0, lastLoss, seconds, 0);
    // Without held-out rows, some of the training rows tell whether the weights are sound.
    const scoring =
      validationRows > 0
        ? scoreHeldOut(session, input, epoch, target, validationRows)
        : scoreSample(session, input, input.trained(epoch, rowsOf(batches), plan.batchSize));
    const { lossSum, validation } = await untilAborted<SomeScore>(scoring, signal, interrupted);
    const scoredRows = validationRows > 0 ? validationRows : Math.min(plan.batchSize, trainRows);
    const loss = validation?.loss ?? lossSum / scoredRows;
    const fault = recovery.epochFault(steps, epoch + 1, loss);
    if (fault !== null) {
      const ended = await recover(fault);
      if (ended !== null) return ended;
      continue;
    }
    recovery.reached({ epochs: epoch + 1, steps, updates, validation });
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
    const lastRows = rowsOf(batches) - rowsOf(batches - 1);
    const { layers, findings } = monitor.look(event, lastRows, scoredRows);
    const told = layers === null ? event : { ...event, layers };
    directory.appendMetrics(told);
    emit(told);
    for (const finding of findings) {
      say({ type: 'finding', ...finding, step: steps });
    }
    if (!goesOn) break;
  }
  return end(keeper.restore(), null);
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
function logLosses(
  outcome: SegmentOutcome,
  epoch: number,
  stepsBefore: number,
  interval: number,
  directory: RunDirectory,
): void {
  outcome.losses.forEach((loss, i) => {
    const step = stepsBefore + i + 1;
    if (step % interval !== 0 || Number.isNaN(loss)) return;
    directory.appendMetrics({ type: 'step', step, epoch: epoch + 1, loss });
  });
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
