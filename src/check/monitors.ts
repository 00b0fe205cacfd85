/**
 * What can be seen to go wrong while a network trains, from numbers that training has anyway: losses of epochs, the last
 * gradient, the outputs of hidden units on the rows that were scored last.
 */
import { brief, type Finding } from './finding.js';

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
/** Norm of the first layer's gradient over the last's: beyond these, it explodes or vanishes on the way. */
const GRADIENT = { most: 70, least: 1e-3 };

/** @param history of all epochs so far, the latest last */
export function lossFindings(history: readonly EpochLosses[], verify: string): Finding[] {
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
        severity: 'warning',
        evidence: `since epoch ${best.epoch} the validation loss rose from ${brief(best.validation)} to ${brief(now.validation)}, while the training loss fell from ${brief(best.train)} to ${brief(now.train)}`,
        cause: 'the network learns rows by heart',
        advice: `Stop at epoch ${best.epoch} (--epochs ${best.epoch}), use a smaller network, or add --l2.`,
        verify,
        values: { epoch: now.epoch, best: best.epoch, validation: now.validation, least: best.validation },
      });
    }
  }
  return findings;
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
