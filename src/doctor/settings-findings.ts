/**
 * Settings that keep a network from learning, though nothing blows up: penalties, dropout and clipping that are stronger than what
 * the rows say, found by trying without them; and momentum that remembers for longer than a training lasts.
 */
import { brief, type Finding } from '../check/finding.js';
import { forward, logitsOf } from '../check/network.js';
import { OPTIMIZERS } from '../nn/optimizers/index.js';
import type { Optimizer } from '../nn/optimizers/optimizer.js';
import { rateAt } from '../nn/schedules/rate.js';
import type { StepPlan } from '../parallel/plan.js';
import type { Subject } from './subject.js';
import { unpadded } from './subject.js';

/** Steps over which a gradient counts: 1 / (1 - momentum). */
const LONG_MEMORY = 200;
/** Multiplications of a trial, about, and its steps. */
const TRIAL_WORK = 1.5e10;
const STEPS = { least: 24, most: 300 } as const;
const ROWS = 512;
/** What is learned without the settings, as a share of a constant's loss, at least; and of that what is learned with them, at most. */
const LEARNS = 0.15;
const LEFT = 0.35;

/** @param constantLoss of the best constant prediction */
export function settingsFindings(subject: Subject, constantLoss: number, verify: string): Finding[] {
  return [...longMemory(subject.plan, verify), ...regularisedAway(subject, constantLoss, verify)];
}

function longMemory({ optimizer, hyper }: StepPlan, verify: string): Finding[] {
  const { reads }: Optimizer = OPTIMIZERS[optimizer];
  const key = reads.find((name) => name === 'momentum' || name === 'beta1');
  if (key === undefined) return [];
  const steps = 1 / (1 - hyper[key]);
  if (steps < LONG_MEMORY) return [];
  return [
    {
      code: 'long_memory',
      severity: 'warning',
      evidence: `${key} is ${hyper[key]}: a gradient counts for ${brief(steps)} steps`,
      cause:
        'a step goes where gradients pointed long ago, and its length is that of all of them together: the loss swings for thousands of steps',
      advice: `Give --${key} 0.9, or 0.99 at most.`,
      verify,
      values: { [key]: hyper[key], steps },
    },
  ];
}

/** The settings that hold weights or gradients back, as the options say them, and a plan without them. */
function restraints({ l2, dropout, clipNorm, hyper }: StepPlan): string[] {
  return [
    ...(l2 > 0 ? [`--l2 ${l2}`] : []),
    ...(dropout > 0 ? [`--dropout ${dropout}`] : []),
    ...(clipNorm !== null ? [`--clip-norm ${clipNorm}`] : []),
    ...(hyper.weightDecay > 0 ? [`--weight-decay ${hyper.weightDecay}`] : []),
  ];
}

function regularisedAway(subject: Subject, constantLoss: number, verify: string): Finding[] {
  const { plan } = subject;
  const active = restraints(plan);
  if (active.length === 0) return [];
  const free = { l2: 0, dropout: 0, clipNorm: null, hyper: { ...plan.hyper, weightDecay: 0 } };
  const without = lossAfter(subject, free);
  const learned = constantLoss - without;
  if (!(learned > LEARNS * constantLoss)) return [];
  const withThem = lossAfter(subject, {});
  if (!(constantLoss - withThem < LEFT * learned)) return [];
  return [
    {
      code: 'regularised_away',
      severity: 'warning',
      evidence: `after ${trialSteps(plan)} steps the loss of the rows is ${brief(withThem)}, without ${active.join(', ')} it is ${brief(without)}; a constant's is ${brief(constantLoss)}`,
      cause: 'what is to keep the network from learning by heart keeps it from learning',
      advice: `Leave out ${active.join(', ')}, or make ${active.length === 1 ? 'it' : 'them'} ten times weaker.`,
      verify,
      values: { with: withThem, without, constant: constantLoss },
    },
  ];
}

function trialSteps({ network, batchSize }: StepPlan): number {
  const steps = Math.round(TRIAL_WORK / (6 * network.trainable * batchSize));
  return Math.min(STEPS.most, Math.max(STEPS.least, steps));
}

/** Loss of some rows, without penalty and dropout, after a few steps of a plan. */
function lossAfter(subject: Subject, changes: Partial<StepPlan>): number {
  const trial = subject.createTrial(changes);
  for (let i = 0; i < trialSteps(subject.plan); i++) {
    trial.advance(rateAt(subject.plan.rate, subject.plan.hyper.learningRate, i + 1));
  }
  const { network, loss, x, y, rows } = subject.problem(ROWS);
  const trace = forward(network, unpadded(subject.plan.network, trial.step.parameters), x, rows);
  return loss(logitsOf(trace), y, rows).value;
}
