/**
 * A run that diverged, once more from its last good weights: the same steps with the same bits, on this thread, watched layer by
 * layer. Found are the step at which it began, the layer whose gradient grew first, and whether a few rows or the rate made it.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { brief, type Finding } from '../check/finding.js';
import { type Network, readTensor } from '../nn/network.js';
import { rateAt } from '../nn/schedules/rate.js';
import { type RunState, readRunState, STATE_FILE } from '../train/run-state.js';
import { curvatureAt } from './rate-findings.js';
import type { Subject } from './subject.js';
import type { Trial, TrialState } from './trial.js';

/** A loss so many times that of the first replayed steps is no longer usual. */
const BEGINS = 4;
/** Of the steps replayed, so many at least, or the first quarter, are the measure: their median loss and gradients. */
const MEASURED = 5;
/** Rows of a batch whose losses are looked at one by one, at most. */
const MOST_ROWS = 4096;
/** One row that makes so much of its batch's loss is the cause of it; of batches of so many rows. */
const ROW = { share: 0.5, ofRows: 8 };

/** One step that was replayed. */
interface Replayed {
  readonly loss: number;
  /** Norm of the gradient of each layer's weights. */
  readonly gradients: readonly number[];
}

/** What replaying has found. */
interface Onset {
  /** Counted from 1, over the run. */
  readonly step: number;
  readonly loss: number;
  readonly usual: number;
  /** The state before that step. */
  readonly before: TrialState;
}

/** @returns nothing where the run did not diverge */
export async function replay(runDir: string, subject: Subject, verify: string): Promise<Finding[]> {
  const diverged = await access(join(runDir, STATE_FILE)).then(
    () => true,
    () => false,
  );
  if (!diverged) return [];
  const state = await readRunState(runDir, subject.plan);
  const trial = subject.createRun();
  const { snapshot, steps, updates } = state;
  trial.restore({ ...snapshot, steps, updates });
  const { seen, onset } = runAgain(trial, state);
  return [describe(subject, trial, state, seen, onset, verify)];
}

function runAgain(trial: Trial, state: RunState): { seen: readonly Replayed[]; onset: Onset | null } {
  const start = trial.save();
  const seen: Replayed[] = [];
  while (seen.length < Math.max(1, state.divergedAt - state.steps)) seen.push(advance(trial, state));
  // It began with the first of the losses that never came down again.
  const known = seen.map(({ loss }) => loss).filter((loss) => !Number.isNaN(loss));
  const usual = median(known.slice(0, Math.max(MEASURED, known.length / 4)));
  const isLarge = ({ loss }: Replayed): boolean => !(loss <= BEGINS * usual);
  let at = seen.length;
  while (at > 0 && isLarge(seen[at - 1])) at--;
  if (at === seen.length) return { seen, onset: null };
  trial.restore(start);
  for (let i = 0; i < at; i++) advance(trial, state);
  const before = trial.save();
  return { seen, onset: { step: before.steps + 1, loss: seen[at].loss, usual, before } };
}

/** The next step of the run. Where all its rows have weight 0, its loss is NaN, and so it is where the run ends. */
function advance(trial: Trial, { rateFactor }: RunState): Replayed {
  const { plan } = trial;
  const rate = rateFactor * rateAt(plan.rate, plan.hyper.learningRate, trial.updates + 1);
  return { loss: trial.advance(rate), gradients: gradientNorms(plan.network, trial.step.gradient()) };
}

function describe(
  subject: Subject,
  trial: Trial,
  state: RunState,
  seen: readonly Replayed[],
  onset: Onset | null,
  verify: string,
): Finding {
  const { divergedAt, steps, rateFactor } = state;
  const finding = (evidence: string, cause: string, advice: string, values: Finding['values']): Finding => {
    return { code: 'replayed_divergence', severity: 'error', evidence, cause, advice, verify, values };
  };
  const told = `the run diverged at step ${divergedAt} (loss ${state.loss}); replayed from step ${steps}`;
  if (onset === null) {
    return finding(
      `${told}, no loss grows before it`,
      'the weights after that step are bad on the rows that were scored, and not on those that were trained on',
      'Lower --learning-rate, or look at the held-out rows: they may be of another kind.',
      { divergedAt, from: steps },
    );
  }
  const { plan } = subject;
  const layer = firstToGrow(seen, onset.step - steps - 1);
  const worst = worstRow(subject, trial, onset.before);
  const began = `${told}, the loss leaves ${brief(onset.usual)} at step ${onset.step} (${brief(onset.loss)})`;
  const grew = layer === null ? '' : `; the gradient of W${layer.index} grew first, ${brief(layer.times)} times`;
  const last = seen[seen.length - 1].loss;
  const values = { divergedAt, from: steps, onset: onset.step, layer: layer?.index ?? -1, loss: String(last) };
  if (worst !== null) {
    return finding(
      `${began}${grew}; ${worst.where} makes ${(100 * worst.share).toFixed(0)}% of the loss of its batch of ${worst.rows} rows`,
      'one row is so far from what is predicted for it that its gradient throws all weights off',
      'Mend or drop this row, or bound the gradient with --clip-norm 1, or give --loss huber.',
      { ...values, row: worst.where, share: worst.share },
    );
  }
  const rate = rateFactor * rateAt(plan.rate, plan.hyper.learningRate, onset.before.updates + 1);
  const { lambda, stable } = curvatureAt(subject, onset.before);
  const times = rate / stable;
  const verdict =
    times >= 1
      ? `: the rate is ${brief(times)} times that`
      : `, on the mean of many rows: a batch of ${plan.batchSize} has larger ones, and the rate leaves no room for them`;
  const suggested = stable > 0 && Number.isFinite(stable) ? Math.min(rate / 2, stable / 2) : rate / 2;
  return finding(
    `${began}${grew}; no row makes much of it alone`,
    `the rate there is ${brief(rate)}; the curvature before that step is lambda = ${brief(lambda)}, which bears ${plan.optimizer} rates up to ${brief(stable)}${verdict}`,
    `Give --learning-rate ${brief(suggested)}, or bound the gradient with --clip-norm 1.`,
    { ...values, rate, lambda, stable, suggested },
  );
}

function gradientNorms({ layers }: Network, gradient: Float32Array): number[] {
  return layers.map(({ weight }) => Math.sqrt(readTensor(weight, gradient).reduce((sum, g) => sum + g * g, 0)));
}

/** The layer whose gradient was the first to leave its usual size, from a step on; at one step, the one that grew most. */
function firstToGrow(seen: readonly Replayed[], from: number): { index: number; times: number } | null {
  const [first] = seen;
  const measured = seen.slice(0, Math.max(MEASURED, seen.length / 4));
  const usual = first.gradients.map((_, i) => median(measured.map(({ gradients }) => gradients[i])));
  for (const { gradients } of seen.slice(Math.max(0, from - 1))) {
    const times = gradients.map((g, i) => (Number.isFinite(g) ? g / usual[i] : Number.POSITIVE_INFINITY));
    const most = times.indexOf(Math.max(...times));
    if (times[most] > BEGINS) return { index: most, times: times[most] };
  }
  return null;
}

/** The row with the largest loss of the batch after a state, if it stands out. */
function worstRow(
  subject: Subject,
  trial: Trial,
  state: TrialState,
): { where: string; share: number; rows: number } | null {
  trial.restore(state);
  const batch = trial.batch();
  const rows = Math.min(batch.rows, MOST_ROWS);
  if (rows < ROW.ofRows) return null;
  const losses = Array.from({ length: rows }, (_, i) => {
    const { data } = trial.step.differentiate({ ...batch, start: batch.start + i, rows: 1 });
    return Number.isNaN(data) ? 0 : Math.abs(data);
  });
  const sum = losses.reduce((total, loss) => total + loss, 0);
  const worst = losses.indexOf(Math.max(...losses));
  const share = Number.isFinite(losses[worst]) ? losses[worst] / sum : 1;
  if (!(share > ROW.share)) return null;
  const slots = new Uint32Array(1);
  batch.order.fill(slots, batch.start + worst, 1);
  return { where: subject.describeRow(slots[0]), share, rows };
}

function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
