/**
 * What happens to a run whose loss runs away: it is found at the step, explained, and the run is put back to its last good weights,
 * to end there, or to go on at half the rate with the rows that are next (`--on-divergence backoff`). All of it follows from losses
 * and sizes alone, so that it is the same for any number of workers.
 */
import { brief } from '../check/finding.js';
import type { StepPlan } from '../parallel/plan.js';
import { parameterView, type Session } from '../parallel/session.js';
import type { DivergencePolicy } from './config/watch.js';
import { type Divergence, diagnose, divergenceText, lossFault, weightsFault } from './divergence.js';
import type { FindingEvent } from './events.js';
import type { Reached } from './keeper.js';
import { saveRunState } from './run-state.js';
import { createSafePoints, lossRows, runawayLoss, type SafePoint } from './safe-point.js';

/** Halvings of a run: a rate that is a thousandth of what was asked for was not the cause. */
const MOST_HALVINGS = 10;
/** Losses remembered, to explain a divergence by. */
const RECENT_LOSSES = 64;

/** A step, counted from 1, its epoch, and what is wrong there. */
export type Fault = Pick<Divergence, 'step' | 'epoch' | 'loss' | 'what'>;

/** Where a run is that was put back. */
export type Recovered =
  | { readonly goesOn: true; readonly updates: number; readonly finding: FindingEvent }
  | { readonly goesOn: false; readonly reached: Reached; readonly divergence: Divergence };

export interface Recovery {
  /** What the rate of the next segment is multiplied by, and the loss of a step at which it ends. */
  readonly rateFactor: number;
  readonly lossLimit: number;
  /** Takes note of the losses of a segment's steps; NaN for a skipped one. */
  saw(losses: Float64Array): void;
  /** Says that a stretch of steps ended (stretchSteps); of one that ends an epoch, that its weights are sound. */
  reached(at: SafePoint): void;
  /** What is wrong with the loss of a step; `loss` as a segment has it. */
  stepFault(step: number, epoch: number, loss: number): Fault;
  /** What is wrong with the weights that an epoch ends with; null for nothing. `loss`: of a row. */
  epochFault(step: number, epoch: number, loss: number): Fault | null;
  /**
   * Puts the run back to its last good weights. Where it is to end, its state is written to the run directory.
   *
   * @param updates made so far
   * @param stepsLeft whether there is anything to go on with
   */
  recover(fault: Fault, updates: number, stepsLeft: boolean): Promise<Recovered>;
}

export function createRecovery(
  session: Session<StepPlan>,
  policy: DivergencePolicy,
  runDir: string,
  verify: string,
): Recovery {
  const { plan } = session;
  const rows = lossRows(plan);
  const safe = createSafePoints(session);
  /** Of rows, at the last steps. */
  let recent: number[] = [];
  /** Of a row, at the first step; infinite until it is known. */
  let firstLoss = Number.POSITIVE_INFINITY;
  let lossLimit = Number.POSITIVE_INFINITY;
  let halvings = 0;
  const rateFactor = (): number => 0.5 ** halvings;

  return {
    get rateFactor() {
      return rateFactor();
    },
    get lossLimit() {
      return lossLimit;
    },
    saw(losses) {
      const known = [...losses].filter((loss) => !Number.isNaN(loss)).map((loss) => loss / rows);
      if (firstLoss === Number.POSITIVE_INFINITY && known.length > 0) firstLoss = known[0];
      recent = [...recent, ...known.slice(-RECENT_LOSSES)].slice(-RECENT_LOSSES);
    },
    reached(at) {
      lossLimit = runawayLoss(firstLoss) * rows;
      safe.offer(recent, firstLoss, at);
    },
    stepFault(step, epoch, sum) {
      const loss = sum / rows;
      const where = `of step ${step} (epoch ${epoch})`;
      return { step, epoch, loss, what: lossFault(loss, firstLoss, where) ?? `the loss ${where} is ${loss}` };
    },
    epochFault(step, epoch, loss) {
      const where = `after step ${step} (epoch ${epoch})`;
      const what = lossFault(loss, firstLoss, where) ?? weightsFault(parameterView(session), where);
      return what === null ? null : { step, epoch, loss, what };
    },
    async recover(fault, updates, stepsLeft) {
      const { snapshot, ...good } = safe.last;
      const weights = { good: snapshot.parameters, now: parameterView(session), rateFactor: rateFactor(), updates };
      const divergence = diagnose(plan, fault, recent, weights);
      recent = [];
      safe.restore();
      if (policy === 'backoff' && halvings < MOST_HALVINGS && stepsLeft) {
        halvings++;
        return { goesOn: true, updates: good.updates, finding: halvedFinding(divergence, good.steps, verify) };
      }
      const at = {
        steps: good.steps,
        updates: good.updates,
        rateFactor: rateFactor(),
        divergedAt: fault.step,
        loss: String(fault.loss),
      };
      await saveRunState(runDir, plan, { ...at, snapshot });
      return { goesOn: false, reached: good, divergence };
    },
  };
}

/** @param to the step whose weights the run was put back to */
function halvedFinding(divergence: Divergence, to: number, verify: string): FindingEvent {
  const { step, learningRate } = divergence;
  return {
    type: 'finding',
    code: 'rate_halved',
    severity: 'warning',
    evidence: divergenceText(divergence),
    cause: `training diverged; it is put back to the weights of step ${to}, and goes on at half the rate, ${brief(learningRate / 2)}`,
    advice: `Give --learning-rate ${brief(learningRate / 2)} or less from the start.`,
    verify,
    values: { divergedAt: step, restored: to, learningRate: learningRate / 2 },
    step,
  };
}
