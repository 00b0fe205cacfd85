/**
 * Is the learning rate one that this loss surface bears? Decided by trying: a short training at the configured rate, and where
 * that fails, at smaller ones until one holds. The curvature (lambda) is measured beside it, to say why and to predict.
 */
import { brief, type Finding } from '../check/finding.js';
import { createObjective } from '../check/objective.js';
import { growthPerStep, isPreconditioned, stableRate, topEigenvalue } from '../check/stability.js';
import { parameterCount } from '../check/tensors.js';
import { factorsOf } from '../nn/groups.js';
import { OPTIMIZERS } from '../nn/optimizers/index.js';
import { rateAt } from '../nn/schedules/rate.js';
import type { StepPlan } from '../parallel/plan.js';
import type { Subject } from './subject.js';
import { unpadded } from './subject.js';
import type { Trial, TrialState } from './trial.js';

export interface RateReport {
  readonly configured: number;
  /** Top eigenvalue where the steady trial ended; of the preconditioned Hessian for adaptive optimisers. */
  readonly lambda: number;
  /** The rate at which a quadratic of that curvature starts to diverge. */
  readonly stable: number;
  /** A rate at which the trial held: the configured one where that did. */
  readonly suggested: number;
  /** The first loss of the trial. */
  readonly firstLoss: number;
  /** Step at which the trial at the configured rate blew up, counted from 1; null when it did not. */
  readonly blowsUpAt: number | null;
  readonly findings: readonly Finding[];
}

/** Multiplications of a trial, about; its steps follow from this. */
const TRIAL_WORK = 1.5e10;
const STEPS = { least: 24, most: 120 } as const;
/** Rows that a trial of small batches sees, at least: a few of them say nothing. */
const TRIAL_ROWS = 4096;
/** A loss that many times the first one has blown up. */
const BLOWN_UP = 20;
/** A loss so many times the first one is a jump, of batches of at least so many rows. */
const JUMP = 4;
const STEADY_ROWS = 64;
const SHRINK = 2;
const MOST_SHRINKS = 24;
const CALMER = 6;
/** A loss that ends above this share of the one without learning stands still; below the other, it moves. */
const STANDS = 0.98;
const MOVED = 0.85;
/** A rate whose trial ends so many times above the best one is too large. */
const MUCH_WORSE = 2.5;
/** Multiplications of one forward pass for the curvature. */
const CURVATURE_WORK = 8e6;

interface Outcome {
  readonly losses: readonly number[];
  /** Mean of the last quarter; Infinity when it blew up. */
  readonly end: number;
  readonly blowsUpAt: number | null;
  /** Whether some loss was far above the first, though batches are too large for that to be chance. */
  readonly jumps: boolean;
  readonly state: TrialState;
}

export function examineRate(subject: Subject, verify: string): RateReport {
  const { plan } = subject;
  const trial = subject.createTrial();
  const start = trial.save();
  const work = 6 * plan.network.trainable * plan.batchSize;
  const most = Math.max(STEPS.most, TRIAL_ROWS / plan.batchSize);
  const steps = Math.round(Math.min(most, Math.max(STEPS.least, TRIAL_WORK / work)));
  const attempt = (rate: number): Outcome => attemptAt(trial, start, rate, steps);
  const configured = plan.hyper.learningRate;
  const first = attempt(configured);
  const findings: Finding[] = [];
  const ladder = [{ rate: configured, outcome: first }];
  const down = (times: number): void => {
    const rate = ladder[ladder.length - 1].rate / times;
    ladder.push({ rate, outcome: attempt(rate) });
  };
  for (let i = 0; i < MOST_SHRINKS && isBad(ladder[ladder.length - 1].outcome); i++) down(SHRINK);
  if (ladder.length > 1) for (let i = 0; i < CALMER; i++) down(SHRINK);
  // A rate may hold and yet learn worse than a much smaller one: large steps that kill units look like this.
  else if (first.end > 0.5 * first.losses[0]) down(30);
  const best = ladder.reduce((least, rung) => (rung.outcome.end < least.outcome.end ? rung : least));
  const bearable = ladder.find(({ outcome }) => !isBad(outcome) && outcome.end <= MUCH_WORSE * best.outcome.end);
  const bears = bearable?.rate ?? best.rate;
  const rate = bears === configured ? configured : best.rate;
  const held = bears === configured ? first : best.outcome;
  const { lambda, stable } = curvatureAt(subject, held.state);
  const suggested = rate;
  const firstLoss = first.losses[0];
  if (rate !== configured && !isBad(held)) {
    findings.push(tooLarge(subject, { first, configured, bears, suggested, lambda, stable, verify }));
  } else if (!isBad(first)) {
    // The same batches without learning: what the loss does by chance is taken out.
    const still = first.end > MOVED * firstLoss ? attempt(0).end : Number.POSITIVE_INFINITY;
    const rises = rateAt(plan.rate, 1, steps) < 0.5;
    const higher = first.end > STANDS * still && !rises ? [30, 900, 27_000, 810_000] : [];
    const moving = higher
      .map((times) => ({ times, outcome: attempt(configured * times) }))
      .find(({ outcome }) => !isBad(outcome) && outcome.end < MOVED * still);
    if (moving) findings.push(tooSmall(first, moving.outcome, configured, configured * moving.times, verify));
  }
  return { configured, lambda, stable, suggested, firstLoss, blowsUpAt: first.blowsUpAt, findings };
}

function attemptAt(trial: Trial, start: TrialState, rate: number, steps: number): Outcome {
  trial.restore(start);
  const losses: number[] = [];
  let blowsUpAt: number | null = null;
  let state = start;
  for (let i = 0; i < steps; i++) {
    const before = i % 8 === 0 ? trial.save() : state;
    // As the run would begin: a schedule may rise from nothing.
    const loss = trial.advance(rateAt(trial.plan.rate, rate, i + 1));
    losses.push(loss);
    if (!Number.isFinite(loss) || loss > BLOWN_UP * Math.max(losses[0], 1e-12)) {
      blowsUpAt = i + 1;
      break;
    }
    state = before;
  }
  if (blowsUpAt === null) state = trial.save();
  const quarter = losses.slice(Math.floor((losses.length * 3) / 4));
  const end =
    blowsUpAt === null ? quarter.reduce((sum, loss) => sum + loss, 0) / quarter.length : Number.POSITIVE_INFINITY;
  const jumps = trial.plan.batchSize >= STEADY_ROWS && Math.max(...losses) > JUMP * losses[0];
  return { losses, end, blowsUpAt, jumps, state };
}

/** Blew up, or ended above where it began, or jumped on the way. Batches of few rows jump by themselves. */
function isBad({ blowsUpAt, end, losses, jumps }: Outcome): boolean {
  return blowsUpAt !== null || end > 1.1 * losses[0] || jumps;
}

/** lambda at a state of a trial, and the rate that it bears. */
export function curvatureAt(subject: Subject, state: TrialState): { lambda: number; stable: number } {
  const { plan } = subject;
  const { optimizer, hyper, network } = plan;
  const rows = Math.max(48, Math.min(512, Math.floor(CURVATURE_WORK / parameterCount(network))));
  const { gradient } = createObjective(subject.problem(rows));
  const at = unpadded(network, state.parameters);
  const moments = state.slots[OPTIMIZERS[optimizer].slots.length - 1];
  const correction = optimizer.startsWith('adam') ? 1 / (1 - hyper.beta2 ** Math.max(1, state.updates)) : 1;
  // A group's part of the rate works as if its gradient were divided by less, or by more.
  const parts = unpadded(network, rateParts(plan));
  const preconditioner =
    isPreconditioned(optimizer) && state.updates > 0
      ? unpadded(network, moments).map((v, i) => (Math.sqrt(v * correction) + Math.max(hyper.epsilon, 1e-8)) / parts[i])
      : parts.every((part) => part === 1)
        ? undefined
        : parts.map((part) => 1 / part);
  const { lambda } = topEigenvalue(gradient, at, preconditioner, 24);
  return { lambda, stable: lambda > 0 ? stableRate(optimizer, hyper, lambda) : Number.POSITIVE_INFINITY };
}

/** What part of the learning rate each parameter gets, [P] with padding. */
function rateParts({ network, groups, layerRates }: StepPlan): Float32Array {
  const parts = new Float32Array(network.parameters);
  for (const tensor of network.tensors) {
    parts.fill(factorsOf(tensor, groups, layerRates).rate, tensor.offset, tensor.offset + tensor.length);
  }
  return parts;
}

interface TooLarge {
  readonly first: Outcome;
  readonly configured: number;
  /** The largest rate of the ladder at which the trial held. */
  readonly bears: number;
  readonly suggested: number;
  readonly lambda: number;
  readonly stable: number;
  readonly verify: string;
}

function tooLarge(
  subject: Subject,
  { first, configured, bears, suggested, lambda, stable, verify }: TooLarge,
): Finding {
  const { optimizer } = subject.plan;
  const { blowsUpAt, losses, end } = first;
  const times = configured / bears;
  const symptom =
    blowsUpAt === null
      ? `at ${brief(configured)} the loss goes from ${brief(losses[0])} by way of ${brief(Math.max(...losses))} to ${brief(end)} in ${losses.length} steps`
      : `at ${brief(configured)} the loss blows up at step ${blowsUpAt} (${losses.slice(-3).map(brief).join(', ')})`;
  const growth =
    optimizer === 'sgd' && configured * lambda > 2
      ? `; a quadratic of this curvature grows ${brief(growthPerStep(configured, lambda))} times a step`
      : '';
  return {
    code: 'rate_too_large',
    severity: 'error',
    evidence: `${symptom}; at ${brief(bears)} it holds: the rate is ${brief(times)} times too large`,
    cause: `the curvature there is lambda = ${brief(lambda)}, which bears ${optimizer} rates up to ${brief(stable)} (rate * lambda = ${brief(configured * lambda)})${growth}`,
    advice: `Give --learning-rate ${brief(suggested)}.`,
    verify: `${verify} --learning-rate ${brief(suggested)}`,
    values: { configured, times, bears, suggested, lambda, stable, blowsUpAt: blowsUpAt ?? 'never' },
  };
}

function tooSmall(first: Outcome, faster: Outcome, configured: number, suggested: number, verify: string): Finding {
  return {
    code: 'rate_too_small',
    severity: 'warning',
    evidence: `at ${brief(configured)} the loss goes from ${brief(first.losses[0])} to ${brief(first.end)} in ${first.losses.length} steps; at ${brief(suggested)}, to ${brief(faster.end)}`,
    cause: 'the steps are too short to get anywhere',
    advice: `Give --learning-rate ${brief(suggested)}.`,
    verify: `${verify} --learning-rate ${brief(suggested)}`,
    values: { configured, suggested, end: first.end, faster: faster.end },
  };
}
