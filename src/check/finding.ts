/**
 * A finding: what is wrong with a loss, a table or a run, as data. It is printed, kept in the run directory, and counted in
 * benchmarks, all from the same record. Every code has a page in docs/findings/.
 */

/** What each finding is about, in a few words; a code is listed here and explained in docs/findings/<code>.md. */
export const FINDINGS = {
  gradient_sign: 'the gradient points uphill',
  sum_against_mean: 'one of loss and gradient is a sum over the rows, the other a mean',
  gradient_factor: 'the gradient is a constant times the true one',
  gradient_wrong: 'the gradient is not the derivative of the loss',
  flat_loss: 'the loss has no slope to follow',
  loss_not_finite: 'the loss or its gradient is not a finite number',
  penalty_not_in_loss: 'a penalty is in the gradient and not in the loss',
  penalty_not_in_gradient: 'a penalty is in the loss and not in the gradient',
  penalty_mismatch: 'the penalty of the gradient is not that of the loss',
  kernel_gradient: 'the training kernels do not give the derivative of the loss',
  replayed_divergence: 'the run diverged; replayed from its last good weights',
  rate_too_large: 'the learning rate is beyond what the loss surface can bear',
  rate_too_small: 'the learning rate is so small that the loss hardly moves',
  unscaled_target: 'the target is far from unit scale',
  unscaled_feature: 'features are far from unit scale, or far from each other',
  outliers: 'a column holds values far outside the rest',
  missing_values: 'a column holds missing values',
  infinite_values: 'a column holds infinite values',
  missing_target: 'rows have no target',
  sentinel_values: 'a number that stands for "missing" is read as a value',
  mixed_units: 'a column holds one quantity in two units',
  numbers_as_text: 'numbers were read as text',
  dates_as_text: 'dates were read as text',
  spelling_variants: 'a category is spelt in several ways',
  constant_feature: 'a feature has one value in every row',
  duplicate_feature: 'two features say the same',
  label_leak: 'a feature gives the target away',
  identifier_feature: 'an identifier is used as a feature',
  duplicate_rows: 'many rows are copies of others',
  few_rows: 'the table has too few rows to learn from, or to score on',
  held_out_differs: 'held-out rows are of another kind than those to train on',
  row_weights: 'the weights leave only a few of the rows',
  no_signal: 'nothing in the table tells anything of the target',
  constant_target: 'the target has one value in every row',
  rare_class: 'a class has too few rows to be learned',
  imbalanced_classes: 'one class holds nearly all rows',
  wrong_loss: 'the loss does not fit what the target is',
  regularised_away: 'penalty, dropout or clipping leave nothing to be learned',
  linear_network: 'hidden layers without an activation are one linear layer',
  warmup_too_long: 'the learning rate rises for as long as the run lasts',
  too_few_updates: 'the run ends before the weights have moved',
  long_memory: 'momentum remembers for too many steps',
  start_loss: 'the first loss is far above that of a constant prediction',
  bad_initialisation: 'the initial weights let signals vanish or explode',
  dead_units: 'hidden units put out zero on every row',
  rate_halved: 'training diverged, and goes on at half the rate',
  updates_too_large: 'a step changes a layer by a large part of its size',
  updates_too_small: 'a step changes the weights by less than float32 can hold',
  diverging_loss: 'the loss grows instead of falling',
  vanishing_gradient: 'the first layer gets almost no gradient',
  exploding_gradient: 'the first layer gets far more gradient than the last',
  overfitting: 'the validation loss rises while the training loss falls',
  saturated_units: 'hidden units sit at the flat ends of their activation',
} as const;

export type FindingCode = keyof typeof FINDINGS;

/** `error`: training fails or follows another function. `warning`: it suffers. `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** What was measured, with its numbers. */
  readonly evidence: string;
  /** What makes it so. */
  readonly cause: string;
  /** The edit, or the option, that mends it. */
  readonly advice: string;
  /** How to see that it is mended: a command, mostly. */
  readonly verify: string;
  /** The numbers of the evidence, for programs. */
  readonly values: Readonly<Record<string, number | string>>;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Errors first; otherwise in the order found. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** Four significant digits at most, exponents only where plain digits are long: 0.001, -100, 3.1e7. */
export function brief(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6 || magnitude < 1e-4) return value.toExponential(2).replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}
