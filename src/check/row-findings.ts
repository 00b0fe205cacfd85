/**
 * What is wrong with the gradient of a loss module, from what single rows say. A gradient that is a constant times the true one
 * is a sign, a sum or a factor; any other is compared with the mistakes that people make, and shown on its worst row.
 */
import { brief, type Finding } from './finding.js';
import { relative } from './probes.js';
import type { RowEntry, RowProbe } from './row-probe.js';
import { scaleFindings } from './scale-findings.js';

/** Share of its norm by which a claimed gradient may miss the true one. */
const RESIDUAL = 1e-3;

/** A loss is flat if so large a share of the predictions, of so many at least, has a derivative of exactly 0. */
const FLAT = { least: 30, share: 0.99 };

export interface RowQuestion {
  readonly probe: RowProbe;
  readonly rows: number;
  /** 1: the gradient is a sum where the loss is a mean; -1: the other way; 0: alike. */
  readonly powerOfRows: -1 | 0 | 1;
  readonly verify: string;
}

export function rowFindings({ probe, rows, powerOfRows, verify }: RowQuestion): Finding[] {
  const { entries, notFinite } = probe;
  const findings: Finding[] = [];
  if (notFinite !== null) {
    const { row, loss, gradient } = notFinite;
    findings.push({
      code: 'loss_not_finite',
      severity: 'error',
      evidence: `at row ${row} the loss is ${loss} and the gradient ${gradient}`,
      cause: 'a logarithm, root or division outside its domain: a prediction is any number (a logit, for classes)',
      advice: 'Write the loss for any finite prediction, e.g. log(1 + exp(-z)) instead of log of a probability.',
      verify,
      values: { row, loss: String(loss), gradient: String(gradient) },
    });
  }
  if (entries.length === 0) return findings;
  const flat = entries.filter(({ numeric }) => numeric === 0).length;
  if (entries.length >= FLAT.least && flat >= FLAT.share * entries.length) {
    findings.push({
      code: 'flat_loss',
      severity: 'error',
      evidence: `a small change of the prediction changes nothing of the loss for ${flat} of ${entries.length} predictions`,
      cause: 'a loss that counts (an accuracy, a rounding, a threshold) has no slope to follow',
      advice: 'Train with a smooth loss (mse, bce, cross_entropy), and report the count as a score.',
      verify,
      values: { flat, of: entries.length },
    });
    return findings;
  }
  const { factor, residual } = leastSquares(entries, (entry) => entry.numeric);
  if (residual <= RESIDUAL) {
    const kappa = factor * (powerOfRows === 1 ? rows : powerOfRows === -1 ? 1 / rows : 1);
    return [...findings, ...scaleFindings({ kappa, rows, powerOfRows, verify })];
  }
  const right = entries.filter(isRight).length;
  const worst = entries.reduce((most, entry) => (errorOf(entry) > errorOf(most) ? entry : most));
  const reasons = explain(entries);
  findings.push({
    code: 'gradient_wrong',
    severity: 'error',
    evidence:
      `your gradient is right for ${right} of ${entries.length} predictions; worst at prediction ${brief(worst.prediction)}, target ${brief(worst.target)}` +
      ` (row ${worst.row}): yours ${brief(worst.claimed)}, true ${brief(worst.numeric)}`,
    cause: reasons[0] ?? 'it is not the derivative of this loss by the prediction',
    advice: `Derive the loss by the prediction again${reasons.length === 0 ? '' : ', with this in mind'}: at that row "gradient" must return ${brief(worst.numeric)}.`,
    verify,
    values: { right, of: entries.length, row: worst.row, claimed: worst.claimed, numeric: worst.numeric },
  });
  if (powerOfRows !== 0) findings.push(...scaleFindings({ kappa: rows ** powerOfRows, rows, powerOfRows, verify }));
  return findings;
}

const errorOf = ({ claimed, numeric }: RowEntry): number => Math.abs(claimed - numeric);
const isRight = ({ claimed, numeric }: RowEntry): boolean =>
  relative(claimed, numeric) <= 1e-4 || Math.abs(claimed - numeric) <= 1e-9;

/** Least squares claimed = factor * model, and what it leaves as a share of the norm. */
function leastSquares(entries: readonly RowEntry[], model: (entry: RowEntry, i: number) => number) {
  let [am, mm, aa] = [0, 0, 0];
  entries.forEach((entry, i) => {
    const m = model(entry, i);
    am += entry.claimed * m;
    mm += m * m;
    aa += entry.claimed * entry.claimed;
  });
  const factor = mm === 0 ? 0 : am / mm;
  if (aa === 0) return { factor, residual: mm === 0 ? 0 : factor };
  return { factor, residual: Math.sqrt(Math.max(0, aa - factor * am) / aa) };
}

const logistic = (z: number): number => 1 / (1 + Math.exp(-z));
const logisticSlope = (z: number): number => logistic(z) * (1 - logistic(z));

/** Gradients of other losses: what a mistaken one may be. */
const KNOWN: readonly (readonly [string, (z: number, y: number) => number])[] = [
  ['the squared error', (z, y) => z - y],
  ['the absolute error', (z, y) => Math.sign(z - y)],
  ['binary cross-entropy on logits', (z, y) => logistic(z) - y],
  ['the squared error of a probability', (z, y) => (logistic(z) - y) * logisticSlope(z)],
  ['the Huber loss', (z, y) => Math.max(-1, Math.min(1, z - y))],
];

/** Mistakes that explain the claimed gradient, best first. */
function explain(entries: readonly RowEntry[]): string[] {
  const reasons: string[] = [];
  const fits = (model: (entry: RowEntry, i: number) => number) => leastSquares(entries, model).residual <= RESIDUAL;
  if (entries.every(({ claimed }) => claimed === 0)) reasons.push('it is zero');
  const outputs = Math.max(...entries.map(({ output }) => output)) + 1;
  if (outputs > 1) {
    const wrong = Array.from({ length: outputs }, (_, o) => o).filter((o) => {
      return entries.some((entry) => entry.output === o && !isRight(entry));
    });
    if (wrong.length < outputs) reasons.push(`only output ${wrong.join(', ')} of ${outputs} is wrong (counted from 0)`);
    else if (entries.every((entry) => isRight(entry) || entry.output === entry.target)) {
      reasons.push("only the true class's entry is wrong: is 1 subtracted from its probability?");
    }
  } else {
    if (fits((entry) => entry.numeric * logisticSlope(entry.prediction))) {
      reasons.push('a factor p (1 - p) of the logistic function is in it that does not belong there');
    }
    if (fits((entry) => entry.numeric / logisticSlope(entry.prediction))) {
      reasons.push('the factor p (1 - p) of the logistic function is missing (the chain rule)');
    }
    const other = KNOWN.find(([, derivative]) => fits(({ prediction, target }) => derivative(prediction, target)));
    if (other) reasons.push(`it is the gradient of ${other[0]}, which this loss is not`);
    for (const [side, test] of [
      ['above', (e: RowEntry) => e.prediction > e.target],
      ['below', (e: RowEntry) => e.prediction < e.target],
    ] as const) {
      const inside = entries.filter(test);
      const outside = entries.filter((entry) => !test(entry));
      if (inside.length > 0 && outside.length > 0 && inside.every(isRight)) {
        const { factor, residual } = leastSquares(outside, (entry) => entry.numeric);
        const by = residual <= RESIDUAL ? `, ${factor.toFixed(2)} x the true one there` : '';
        reasons.push(`it is right where the prediction is ${side} the target and wrong elsewhere${by}`);
      }
    }
  }
  for (const by of [1, -1]) {
    const shifted = (_: RowEntry, i: number) => entries[i + by * outputs]?.numeric ?? entries[i].claimed;
    if (entries.length > 4 * outputs && fits(shifted))
      reasons.push(`each row has the gradient of the row ${by === 1 ? 'after' : 'before'} it`);
  }
  const offsets = entries.map(({ claimed, numeric }) => claimed - numeric);
  const [first] = offsets;
  if (offsets.every((offset) => Math.abs(offset - first) <= 1e-4 * Math.abs(first))) {
    reasons.push(`a constant of ${brief(first)} is added to it`);
  }
  return reasons;
}
