/**
 * Settings that keep a network from learning, though nothing blows up: penalties, dropout and clipping that are stronger than what
 * the rows say, found by trying without them; a run too short, or a warm-up too long; momentum that remembers for longer than a
 * training lasts; layers without an activation.
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
/** A run of fewer steps may have hardly begun; how much longer one is tried. */
const FEW_STEPS = 24;
const LONGER = 8;
/** What is learned without the settings, as a share of a constant's loss, at least; and of that what is learned with them, at most. */
const LEARNS = 0.15;
const LEFT = 0.35;

/** @param constantLoss of the best constant prediction */
export function settingsFindings(subject: Subject, constantLoss: number, verify: string): Finding[] {
  const { plan } = subject;
  return [
    ...linearNetwork(plan, verify),
    ...longMemory(plan, verify),
    ...longWarmup(plan, verify),
    ...fewUpdates(subject, constantLoss, verify),
    ...regularisedAway(subject, constantLoss, verify),
  ];
}

function linearNetwork({ network }: StepPlan, verify: string): Finding[] {
  const hidden = network.sizes.length - 2;
  if (hidden === 0 || network.activation !== 'identity' || network.layerNorm) return [];
  return [
    {
      code: 'linear_network',
      severity: 'warning',
      evidence: `${hidden} hidden ${hidden === 1 ? 'layer has' : 'layers have'} the activation identity`,
      cause: 'a product of matrices is a matrix: the network can say no more than one without hidden layers',
      advice: 'Give --activation relu, or --hidden "" if a linear model is meant.',
      verify,
      values: { hidden },
    },
  ];
}

function longWarmup({ rate: { warmupSteps, steps } }: StepPlan, verify: string): Finding[] {
  if (warmupSteps < steps) return [];
  return [
    {
      code: 'warmup_too_long',
      severity: 'warning',
      evidence: `the learning rate rises for ${warmupSteps} steps, and the run has ${steps}`,
      cause: `it gets to ${brief(steps / warmupSteps)} of what was asked for, and is smaller at every step before`,
      advice: `Give --warmup-steps ${Math.max(1, Math.round(steps / 10))} at most.`,
      verify,
      values: { warmupSteps, steps },
    },
  ];
}

/** A short run, and one that is longer: where that learns and the short one has hardly begun, it has too few steps. */
function fewUpdates(subject: Subject, constantLoss: number, verify: string): Finding[] {
  const { rate, batchSize } = subject.plan;
  if (rate.steps >= FEW_STEPS || rate.warmupSteps > 0) return [];
  const ends = lossAfter(subject, {}, rate.steps);
  const later = lossAfter(subject, {}, LONGER * FEW_STEPS);
  const learned = constantLoss - later;
  if (!(learned > LEARNS * constantLoss && constantLoss - ends < LEFT * learned)) return [];
  return [
    {
      code: 'too_few_updates',
      severity: 'warning',
      evidence: `the run makes ${rate.steps} steps, after which the loss is ${brief(ends)} (${brief(constantLoss)} for a constant); after ${LONGER * FEW_STEPS} it is ${brief(later)}`,
      cause: `a step is made for each batch of ${batchSize} rows, however many those are`,
      advice: 'Give a smaller --batch-size, or more --epochs.',
      verify,
      values: { steps: rate.steps, ends, later },
    },
  ];
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
function lossAfter(subject: Subject, changes: Partial<StepPlan>, steps = trialSteps(subject.plan)): number {
  const trial = subject.createTrial(changes);
  const { rate, hyper } = subject.plan;
  const long = { ...rate, steps: Math.max(steps, rate.steps) };
  for (let i = 0; i < steps; i++) trial.advance(rateAt(long, hyper.learningRate, i + 1));
  const { network, loss, x, y, rows } = subject.problem(ROWS);
  const trace = forward(network, unpadded(subject.plan.network, trial.step.parameters), x, rows);
  return loss(logitsOf(trace), y, rows).value;
}
