/**
 * When a run has diverged: the loss of a step is not finite or has run away, or the weights that an epoch ends with are of no use,
 * because they are not finite themselves, or give a loss that is not, or a loss that has run away. The run is then put back to its
 * last good weights; here is found and said what went wrong.
 */
import { brief } from '../check/finding.js';
import { growthOf, timesTooLarge } from '../check/growth.js';
import { ParagradError } from '../errors.js';
import { type Network, readTensor } from '../nn/network.js';
import { rateAt } from '../nn/schedules/rate.js';
import type { StepPlan } from '../parallel/plan.js';
import { runawayLoss } from './safe-point.js';

export interface Divergence {
  /** The step that it was seen at, counted from 1, and the epoch. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** What is not finite, or too large, and where, e.g. `the loss of step 18 (epoch 18) is Infinity`. */
  readonly what: string;
  /** Losses of the steps just before, oldest first. */
  readonly before: readonly number[];
  /** The tensor whose weights grew most since the last good ones. */
  readonly grown: Grown | null;
  /** How many times the rate is beyond what holds, by the growth of the loss; null where that is not known. */
  readonly timesTooLarge: number | null;
  /** What schedules start from, and what they had made of it at the step. */
  readonly learningRate: number;
  readonly rateThen: number;
}

export interface Grown {
  readonly name: string;
  /** Root mean squares. */
  readonly from: number;
  readonly to: number;
}

/** Losses that a divergence shows. */
const SHOWN_LOSSES = 3;
/** Weights that grew less than this between two points of a run did nothing unusual. */
const GREW = 2;

/**
 * What is wrong with a loss; null for nothing.
 *
 * @param loss of a row
 * @param firstLoss of a row, at the first step
 * @param where e.g. `of step 18 (epoch 18)`
 */
export function lossFault(loss: number, firstLoss: number, where: string): string | null {
  if (!Number.isFinite(loss)) return `the loss ${where} is ${loss}`;
  if (loss <= runawayLoss(firstLoss)) return null;
  return `the loss ${where} is ${loss.toPrecision(4)}, ${(loss / firstLoss).toPrecision(2)} times the first`;
}

/**
 * What is wrong with the weights that an epoch ended with; null for nothing.
 *
 * @param parameters with or without padding
 * @param where e.g. `after step 18 (epoch 18)`
 */
export function weightsFault(parameters: Float32Array, where: string): string | null {
  // One sum tells: of finite values it is finite in float64, and nothing takes a NaN or an infinity away again.
  let sum = 0;
  for (let i = 0; i < parameters.length; i++) sum += parameters[i];
  return Number.isFinite(sum) ? null : `the weights ${where} are no longer finite`;
}

/**
 * Looks for the cause: whose weights grew, and what the growth of the loss says about the rate.
 *
 * @param losses of rows, at the steps before
 */
export function diagnose(
  plan: StepPlan,
  seen: Pick<Divergence, 'step' | 'epoch' | 'loss' | 'what'>,
  losses: readonly number[],
  { good, now, rateFactor, updates }: { good: Float32Array; now: Float32Array; rateFactor: number; updates: number },
): Divergence {
  const positive = losses.filter((loss) => loss > 0);
  const growth = growthOf(Number.isFinite(seen.loss) && seen.loss > 0 ? [...positive, seen.loss] : positive);
  const times = growth === null ? null : timesTooLarge(plan.optimizer, plan.hyper, growth);
  return {
    ...seen,
    before: losses.slice(-SHOWN_LOSSES),
    grown: mostGrown(plan.network, good, now),
    timesTooLarge: times,
    learningRate: plan.hyper.learningRate * rateFactor,
    rateThen: rateAt(plan.rate, plan.hyper.learningRate, updates + 1) * rateFactor,
  };
}

function mostGrown({ tensors }: Network, good: Float32Array, now: Float32Array): Grown | null {
  const size = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  const grown = tensors
    .filter(({ kind }) => kind === 'weight')
    .map((tensor) => ({ name: tensor.name, from: size(readTensor(tensor, good)), to: size(readTensor(tensor, now)) }));
  const ratio = ({ from, to }: Grown): number => (Number.isNaN(to) ? Number.POSITIVE_INFINITY : to / from);
  const most = grown.reduce((a, b) => (ratio(b) > ratio(a) ? b : a));
  return ratio(most) > GREW ? most : null;
}

/** What went wrong, with its cause, as far as the run itself can tell. */
export function divergenceText({ what, before, grown, timesTooLarge: times, rateThen }: Divergence): string {
  const earlier = before.length > 0 ? ` (before: ${before.map((value) => value.toPrecision(4)).join(', ')})` : '';
  const weights =
    grown === null
      ? 'no weights grew since the last good ones: the rows of that batch are too large, or the weights were before'
      : `${grown.name} grew most, from ${brief(grown.from)} to ${brief(grown.to)} in size`;
  const rate = times === null ? '' : `; the loss grew as it does at ${brief(times)} times the rate that holds`;
  return `${what}${earlier}; ${weights}${rate}${times === null ? '' : ` (that is about ${brief(rateThen / times)})`}`;
}

/**
 * @param kept what was kept, e.g. `the weights of epoch 3 are kept in runs/houses-1/model.safetensors`
 */
export function divergedError(divergence: Divergence, kept: string, runDir: string): ParagradError {
  return new ParagradError('diverged', `training diverged: ${divergenceText(divergence)}; ${kept}`, {
    kind: 'diverged',
    hint: `Lower --learning-rate (it is ${divergence.learningRate}), bound the gradient with --clip-norm, or give --on-divergence backoff; paragrad doctor ${runDir} names the cause.`,
  });
}
