/**
 * A companion: a plain network (standardised numbers, two layers of ReLU, AdamW, early stopping) trained beside a member on the
 * same rows, with the same ones held out. What the two say is mixed in the shares that score best on the held-out rows. The recipe
 * wins on most tables, the plain network on small and noisy ones, and as they err differently, often both together do.
 *
 * A mixture of two has a convex loss in the share, so that the best one is where the slope vanishes: for squared errors in closed
 * form, for the log loss of mixed probabilities by bisection.
 */
import type { Task } from '../nn/losses/loss.js';
import { classProbabilities, type Outputs } from './ensemble.js';
import type { Truth } from './score.js';
import type { SettledConfig } from './settle.js';

/** What is different from the member: everything about the network and how it learns, but the length of the training. */
const PLAIN = {
  scale: 'standard',
  encode: ['sign'],
  hidden: [256, 256],
  activation: 'relu',
  learnedActivation: false,
  inputScale: false,
  residual: false,
  layerNorm: false,
  init: 'he',
  dropout: 0,
  dropoutSchedule: 'constant',
  optimizer: 'adamw',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  schedule: 'constant',
  warmupSteps: 0,
  layerRates: 'uniform',
  biasRate: 1,
  weightDecay: 1e-4,
  decay: 'weights',
  decaySchedule: 'constant',
  patience: 16,
  restore: 'best',
} satisfies Partial<SettledConfig>;

/** The config of a member's companion. */
export function companionConfig(config: SettledConfig): SettledConfig {
  return { ...config, ...PLAIN, companion: 'none', ema: undefined, momentum: undefined, alpha: undefined };
}

/** A share below this is not worth a network. */
const LEAST = 0.05;
const HALVINGS = 40;

/**
 * The share of the second of two networks in their mixture, the first having the rest.
 *
 * @param outputs of the held-out rows, [rows, width] row-major: values, or logits
 * @returns from 0 to 1 in whole hundredths, which versions of an engine agree on
 */
export function fitShare(outputs: readonly [Outputs, Outputs], width: number, task: Task, truth: Truth): number {
  const best = task === 'regression' ? squaredErrorShare(outputs, truth) : logLossShare(outputs, width, truth);
  const share = Math.round(100 * best) / 100;
  if (share < LEAST) return 0;
  return share > 1 - LEAST ? 1 : share;
}

function squaredErrorShare([first, second]: readonly [Outputs, Outputs], { truth, weights }: Truth): number {
  let [along, square] = [0, 0];
  for (let r = 0; r < truth.length; r++) {
    const weight = weights?.[r] ?? 1;
    const difference = second[r] - first[r];
    along += weight * difference * (truth[r] - first[r]);
    square += weight * difference * difference;
  }
  return square === 0 ? 0 : Math.min(1, Math.max(0, along / square));
}

function logLossShare(outputs: readonly [Outputs, Outputs], width: number, { truth, weights }: Truth): number {
  const classes = Math.max(2, width);
  const [first, second] = outputs.map((logits) => {
    const probabilities = classProbabilities(logits, width);
    return truth.map((index, r) => probabilities[r * classes + index]);
  });
  /** Of the log loss of the mixture, by the share. */
  const slope = (share: number): number => {
    let sum = 0;
    for (let r = 0; r < truth.length; r++) {
      const difference = second[r] - first[r];
      if (difference !== 0) sum -= ((weights?.[r] ?? 1) * difference) / (first[r] + share * difference);
    }
    return sum;
  };
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
