/**
 * Which weights a run is left with: those of its last epoch, or of the one that did best on the held-out rows; and when no better
 * one is waited for any longer (Prechelt, "Early stopping, but when?", 1998: a fixed number of epochs without progress).
 */
import type { StepPlan } from '../parallel/plan.js';
import { restoreSnapshot, retakeSnapshot, type Session, type Snapshot, takeSnapshot } from '../parallel/session.js';
import type { EpochEvent } from './events.js';

/** A point of a run. */
export interface Reached {
  /** Whole epochs and steps behind the weights. */
  readonly epochs: number;
  readonly steps: number;
  readonly validation: EpochEvent['validation'];
}

export interface KeeperOptions {
  readonly restore: 'best' | 'last';
  /** Epochs without a lower validation loss after which the run ends; null: it never does. */
  readonly patience: number | null;
}

export interface Keeper {
  /**
   * Says that an epoch ended with weights that are sound.
   *
   * @returns whether the run should go on
   */
  offer(reached: Reached): boolean;
  /** Whole epochs behind the weights that are kept; 0 while those are the start's. */
  readonly epochs: number;
  /** Puts weights and optimizer state back to the kept epoch; at first, to the start. */
  restore(): Reached;
}

export function createKeeper(session: Session<StepPlan>, { restore, patience }: KeeperOptions): Keeper {
  let kept: Reached & { readonly snapshot: Snapshot } = {
    ...{ epochs: 0, steps: 0, validation: undefined },
    snapshot: takeSnapshot(session),
  };
  let least = Number.POSITIVE_INFINITY;
  let bestEpoch = 0;
  return {
    offer(reached) {
      const loss = reached.validation?.loss ?? Number.POSITIVE_INFINITY;
      const isBetter = loss < least;
      if (isBetter) {
        least = loss;
        bestEpoch = reached.epochs;
      }
      if (restore === 'last' || isBetter) {
        retakeSnapshot(session, kept.snapshot);
        kept = { ...reached, snapshot: kept.snapshot };
      }
      return patience === null || reached.epochs - bestEpoch < patience;
    },
    get epochs() {
      return kept.epochs;
    },
    restore() {
      const { snapshot, ...reached } = kept;
      restoreSnapshot(session, snapshot);
      return reached;
    },
  };
}
