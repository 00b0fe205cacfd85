/**
 * The held-out rows after an epoch: their mean loss, without the penalty, and their scores. Taken part by part in row order,
 * so that they need not be in memory as a whole; how they are cut shows in no bit.
 */
import type { SlotRange, TrainingInput } from '../data/input.js';
import type { Target } from '../data/preprocess.js';
import type { StepPlan } from '../parallel/plan.js';
import { forwardRows, type Session } from '../parallel/session.js';
import { treeSum } from '../parallel/tree.js';
import type { Metrics } from './metrics.js';
import { createScore, readOutputs, readTruth, type Truth } from './score.js';

/** Rows whose outputs are in memory at once; a multiple of the block that losses are summed over. */
const PART_ROWS = 65_536;

/** The loss of some rows. */
export interface RowsLoss {
  /** Sum of weight * loss. */
  readonly sum: number;
  /** Per block of rows: its part of the sum. */
  readonly parts: Float64Array;
  readonly logits: Float32Array;
}

/** Runs rows of the input's dataset through the network. */
export async function lossOfRows(
  session: Session<StepPlan>,
  { dataset }: TrainingInput,
  { rowStart, rowEnd }: SlotRange,
): Promise<RowsLoss> {
  const { loss: name, lossConstants: constants, weighted } = session.plan;
  const { logits, lossSums } = await forwardRows(session, dataset, rowStart, rowEnd, {
    loss: { name, constants, weighted },
  });
  return { sum: treeSum(lossSums.slice(), lossSums.length), parts: lossSums, logits };
}

export interface HeldOutScore {
  /** Sum of weight * loss. */
  readonly lossSum: number;
  /** The mean of that, and the scores. */
  readonly validation: { readonly loss: number; readonly metrics: Metrics };
}

/**
 * Scores the held-out rows with the weights as they are.
 *
 * @param rows how many are held out, at least 1
 * @throws ParagradError `unreadable`, `worker_failed`
 */
export async function scoreHeldOut(
  session: Session<StepPlan>,
  input: TrainingInput,
  epoch: number,
  target: Target,
  rows: number,
): Promise<HeldOutScore> {
  const { sizes } = session.plan.network;
  const score = createScore(target, session.plan, rows, sizes[sizes.length - 1], session.plan.weighted);
  const losses: Float64Array[] = [];
  let weight = 0;
  for await (const { parts, logits, truth } of heldOutParts(session, input, epoch, target)) {
    score.add(readOutputs(logits, target, session.plan, 1), truth);
    losses.push(parts);
    if (truth.weights === undefined) weight += truth.rows;
    else for (const w of truth.weights) weight += w;
  }
  const all = joinArrays(Float64Array, losses);
  const lossSum = treeSum(all, all.length);
  return { lossSum, validation: { loss: lossSum / weight, metrics: score.result() } };
}

/** The held-out rows as a whole, with what the network makes of them: [rows, outputs] row-major. */
export async function readHeldOut(
  session: Session<StepPlan>,
  input: TrainingInput,
  epoch: number,
  target: Target,
): Promise<{ readonly logits: Float32Array; readonly truth: Truth }> {
  const logits: Float32Array[] = [];
  const truths: Truth[] = [];
  for await (const part of heldOutParts(session, input, epoch, target)) {
    logits.push(part.logits);
    truths.push(part.truth);
  }
  const truth = joinArrays(
    Float64Array,
    truths.map((part) => part.truth),
  );
  const weights = truths.flatMap((part) => part.weights ?? []);
  return {
    logits: joinArrays(Float32Array, logits),
    truth: {
      rows: truth.length,
      truth,
      weights: session.plan.weighted ? joinArrays(Float64Array, weights) : undefined,
    },
  };
}

async function* heldOutParts(session: Session<StepPlan>, input: TrainingInput, epoch: number, target: Target) {
  for await (const { rowStart, rowEnd } of input.held(epoch)) {
    for (let start = rowStart; start < rowEnd; start += PART_ROWS) {
      const part = { rowStart: start, rowEnd: Math.min(rowEnd, start + PART_ROWS) };
      const { parts, logits } = await lossOfRows(session, input, part);
      yield { parts, logits, truth: readTruth(input.dataset, target, part.rowStart, part.rowEnd) };
    }
  }
}

function joinArrays<T extends Float32Array | Float64Array>(
  kind: new (length: number) => T,
  parts: readonly ArrayLike<number>[],
): T {
  const all = new kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
