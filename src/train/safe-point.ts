/**
 * The last good weights of a run, within its epochs. A stretch of steps ends with a copy of weights and optimiser state, unless the
 * losses of its last steps say that it has begun to go wrong. Where stretches end follows from the run's sizes alone, and whether a
 * copy is good from its losses, so that a run that diverges is put back to the same bits on any number of workers.
 */
import { MAX_SEGMENT_STEPS } from '../memory/layout.js';
import { followedReductions } from '../nn/losses/choice.js';
import type { StepPlan } from '../parallel/plan.js';
import { restoreSnapshot, retakeSnapshot, type Session, type Snapshot, takeSnapshot } from '../parallel/session.js';
import type { Reached } from './keeper.js';

/** Multiplications of a stretch's forward passes, about: long enough that the copy at its end is under a hundredth of it. */
const STRETCH_WORK = 4e9;
/** Steps of a stretch, at least. */
const LEAST_STEPS = 64;
/** The first stretch, and how many times as long as all before it one may be: there soon is something to go back to, for few turns. */
const FIRST_STEPS = 16;
const GROWTH = 3;
/** Floats that are copied in no time, and how many steps of one row a copy of weights and state takes, times a hundred. */
const SMALL_COPY = 65_536;
const COPY_STEPS = 6000;
/** Losses at the end of a stretch that say whether it is good, and how far above the best ones their mean may be. */
const JUDGED_STEPS = 32;
const WORSE = 2;
/** A mean loss so many times the first one, or so large where that is below 1 (a constant's, of a scaled target), does not come back. */
const RUNAWAY = 1e6;

/** Steps of the next stretch, at most. */
export function stretchSteps({ network, batchSize }: StepPlan, stepsBefore: number): number {
  const whole = Math.max(LEAST_STEPS, Math.round(STRETCH_WORK / (network.trainable * batchSize)));
  return Math.min(MAX_SEGMENT_STEPS, whole, Math.max(FIRST_STEPS, GROWTH * stepsBefore));
}

/** The mean loss of a row from which a run counts as lost. */
export function runawayLoss(firstLoss: number): number {
  return RUNAWAY * Math.max(firstLoss, 1);
}

/** Rows that a reported loss is summed over: 1 where it is their mean. */
export function lossRows(plan: StepPlan): number {
  return followedReductions(plan.loss, plan.reduction).loss === 'mean' ? 1 : plan.batchSize;
}

/** Steps between two copies, at least, so that short epochs are not spent on copying. */
function stepsBetweenCopies({ network, layout, batchSize }: StepPlan): number {
  const vectors = 1 + layout.slots.length;
  return vectors * network.parameters <= SMALL_COPY ? 1 : Math.ceil((COPY_STEPS * vectors) / batchSize);
}

export interface SafePoint extends Reached {
  /** Steps without those that were skipped or taken back. */
  readonly updates: number;
}

export interface SafePoints {
  /**
   * Says that a stretch ended; of one that ends an epoch, only when the weights were scored and are sound.
   *
   * @param losses of a row at the last steps, skipped ones left out
   * @param firstLoss of a row, at the run's first step
   */
  offer(losses: readonly number[], firstLoss: number, at: SafePoint): void;
  /** The last one; at first, the start of the run. */
  readonly last: SafePoint & { readonly snapshot: Snapshot };
  /** Puts weights and optimizer state back to it. */
  restore(): SafePoint;
}

export function createSafePoints(session: Session<StepPlan>): SafePoints {
  const snapshot = takeSnapshot(session);
  const between = stepsBetweenCopies(session.plan);
  let last: SafePoints['last'] = { epochs: 0, steps: 0, updates: 0, validation: undefined, snapshot };
  let best = Number.POSITIVE_INFINITY;

  return {
    offer(losses, firstLoss, at) {
      const judged = losses.slice(-JUDGED_STEPS);
      if (judged.length === 0) return;
      const mean = judged.reduce((sum, loss) => sum + loss, 0) / judged.length;
      best = Math.min(best, Math.max(firstLoss, 1));
      if (mean <= WORSE * best && at.steps - last.steps >= between) {
        retakeSnapshot(session, snapshot);
        last = { ...at, snapshot };
      }
      best = Math.min(best, mean);
    },
    get last() {
      return last;
    },
    restore() {
      restoreSnapshot(session, snapshot);
      return last;
    },
  };
}
