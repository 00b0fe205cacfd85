/**
 * What can be seen to go wrong while a network trains, from numbers that training has anyway: losses of epochs, the last
 * gradient, the outputs of hidden units on the rows that were scored last.
 */
import { brief, type Finding } from './finding.js';

/** Euclidean norms of the weights of one layer, at one step. */
export interface LayerNorms {
  /** W0, W1 … */
  readonly name: string;
  readonly weight: number;
  /** Of the change that the step made. */
  readonly update: number;
}

export interface EpochLosses {
  /** Counted from 1. */
  readonly epoch: number;
  readonly train: number;
  /** Mean loss of the held-out rows; undefined where none are held out. */
  readonly validation: number | undefined;
}

/** Growth of the training loss over its first epoch's that is no longer chance. */
const GROWN = 3;
/** Epochs since the best validation loss, and its growth since, that make an overfit. */
const OVERFIT = { epochs: 5, growth: 1.25 };
/**
 * |update| / |weight| of a step. Around 1e-3 is healthy (Karpathy's rule of thumb). At 0.3 a layer is replaced every few steps; below
 * half a unit in the last place of float32, most weights do not change at all.
 */
const UPDATE = { most: 0.3, least: 2 ** -25 };
/** Norm of the first layer's gradient over the last's: beyond these, it explodes or vanishes on the way. */
const GRADIENT = { most: 70, least: 1e-3 };

/**
 * @param history of all epochs so far, the latest last
 * @param keepsBest whether the weights of the best epoch are those that the run keeps: an overfit then costs time only
 */
export function lossFindings(history: readonly EpochLosses[], keepsBest: boolean, verify: string): Finding[] {
  const [first] = history;
  const now = history[history.length - 1];
  const findings: Finding[] = [];
  if (history.length > 1 && now.train > GROWN * first.train) {
    findings.push({
      code: 'diverging_loss',
      severity: 'error',
      evidence: `the training loss is ${brief(now.train)} in epoch ${now.epoch}, ${brief(now.train / first.train)} times that of epoch 1`,
      cause: 'steps overshoot: the rate is too large, or the gradient is not that of the loss',
      advice: 'Lower --learning-rate, or bound the gradient with --clip-norm.',
      verify,
      values: { epoch: now.epoch, loss: now.train, first: first.train },
    });
  }
  const held = history.filter(
    (losses): losses is EpochLosses & { validation: number } => losses.validation !== undefined,
  );
  if (held.length > 0 && now.validation !== undefined) {
    const best = held.reduce((least, losses) => (losses.validation < least.validation ? losses : least));
    const late = now.epoch - best.epoch >= OVERFIT.epochs && now.validation > OVERFIT.growth * best.validation;
    if (late && now.train < best.train) {
      findings.push({
        code: 'overfitting',
        severity: keepsBest ? 'info' : 'warning',
        evidence: `since epoch ${best.epoch} the validation loss rose from ${brief(best.validation)} to ${brief(now.validation)}, while the training loss fell from ${brief(best.train)} to ${brief(now.train)}`,
        cause: 'the network learns rows by heart',
        advice: keepsBest
          ? 'Nothing: the weights of the best epoch are kept.'
          : `Stop at epoch ${best.epoch} (--epochs ${best.epoch}), use a smaller network, or add --l2.`,
        verify,
        values: { epoch: now.epoch, best: best.epoch, validation: now.validation, least: best.validation },
      });
    }
  }
  return findings;
}

/** @param rateScheduled whether a schedule moves the rate: small updates are then meant */
export function updateFindings(layers: readonly LayerNorms[], rateScheduled: boolean, verify: string): Finding[] {
  const ratios = layers.map(({ name, weight, update }) => ({ name, ratio: update / weight }));
  const largest = ratios.reduce((most, layer) => (layer.ratio > most.ratio ? layer : most));
  const isLarge = largest.ratio > UPDATE.most && Number.isFinite(largest.ratio);
  const isSmall = !rateScheduled && largest.ratio > 0 && largest.ratio < UPDATE.least;
  if (!isLarge && !isSmall) return [];
  return [
    {
      code: isLarge ? 'updates_too_large' : 'updates_too_small',
      severity: 'warning',
      evidence: `a step changes ${largest.name} by ${brief(largest.ratio)} of its size${isLarge ? '' : ', and every other layer by less'}`,
      cause: isLarge
        ? 'the steps are so long that a layer is replaced every few of them: what was learned is lost again'
        : 'float32 rounds most of such a change away: the weights stand still',
      advice: isLarge
        ? 'Lower --learning-rate; about 0.001 of the size a step is healthy.'
        : 'Raise --learning-rate; about 0.001 of the size a step is healthy.',
      verify,
      values: { layer: largest.name, ratio: largest.ratio },
    },
  ];
}

/**
 * @param first norm of the gradient of the first layer's weights, of any batch
 * @param last of the last layer's
 */
export function gradientFindings(first: number, last: number, verify: string): Finding[] {
  const ratio = first / last;
  const explodes = ratio > GRADIENT.most;
  if (!Number.isFinite(ratio) || (!explodes && ratio >= GRADIENT.least)) return [];
  return [
    {
      code: explodes ? 'exploding_gradient' : 'vanishing_gradient',
      severity: 'warning',
      evidence: `the gradient of the first layer has norm ${brief(first)}, that of the last ${brief(last)}: ${brief(ratio)} times`,
      cause: explodes
        ? 'weights are so large that each layer passes more gradient down than it got'
        : 'units are dead or saturated, or weights so small that each layer passes less gradient down than it got',
      advice: explodes
        ? 'Bound the gradient with --clip-norm, scale the inputs, or leave --init out.'
        : 'Give --activation relu or leaky_relu, use fewer layers, or leave --init out.',
      verify,
      values: { first, last, ratio },
    },
  ];
}
