/** What is wrong before the first step: first weights, the first loss, signals and gradients through the layers. */
import { brief, type Finding } from '../check/finding.js';
import { gradientFindings } from '../check/monitors.js';
import { forward, type Trace } from '../check/network.js';
import { type CheckProblem, createObjective } from '../check/objective.js';
import { tensorsOf } from '../check/tensors.js';
import { unitFindings } from '../check/unit-findings.js';
import { ACTIVATIONS } from '../nn/activations/index.js';
import { targetsOf } from '../nn/losses/choice.js';
import type { Loss } from '../nn/losses/loss.js';
import { initialFile } from '../train/config/network.js';
import { keepsTarget } from '../train/loss-constants.js';
import type { Subject } from './subject.js';
import { unpadded } from './subject.js';

const ROWS = 256;
const CONSTANT_ROWS = 4096;
/** First weights so many times larger or smaller than He's rule have them. */
const TOO_LARGE = 8;
const TOO_SMALL = 1e-3;
/** A first loss so many times that of a constant. */
const START_LOSS = 20;

export interface StartReport {
  readonly firstLoss: number;
  /** Of the best constant prediction. */
  readonly constantLoss: number;
  readonly findings: readonly Finding[];
}

export function examineStart(subject: Subject, verify: string): StartReport {
  const { plan } = subject;
  const problem = subject.problem(ROWS);
  const parameters = unpadded(plan.network, subject.createTrial().step.parameters);
  const objective = createObjective(problem);
  const trace = forward(problem.network, parameters, problem.x, problem.rows);
  const firstLoss = objective.value(parameters, trace);
  // Of more rows: where few targets are far out, most samples have none of them.
  const constantLoss = bestConstant(subject.problem(CONSTANT_ROWS), targetsOf(plan.loss));
  // Of classes with very different shares a constant is nearly always right; no first weights know that.
  const usual =
    subject.loaded.preprocessing.target.task === 'regression'
      ? constantLoss
      : Math.max(constantLoss, undecided(problem));
  const findings = initialisation(subject, parameters, verify);
  const counts = keepsTarget(plan.loss);
  // Some losses are below 0 at best: what counts is how far above that they are.
  const least = counts ? exactCounts(problem) : 0;
  const isFar = firstLoss - least > START_LOSS * Math.max(usual - least, 1e-9);
  if (findings.length === 0 && isFar && plan.l2 === 0) {
    findings.push({
      code: 'start_loss',
      severity: 'warning',
      evidence: `the first loss is ${brief(firstLoss)}, that of a constant prediction ${brief(constantLoss)}`,
      cause: 'the first predictions are far larger than the targets, or the targets far from 0',
      advice: counts
        ? 'Divide the target by a constant, or give more --epochs: the output starts at exp(0) = 1, and has to climb to the mean.'
        : 'Give --scale standard and --scale-target standard, and leave --init out.',
      verify,
      values: { firstLoss, constantLoss },
    });
  }
  findings.push(
    ...unitFindings(plan.network.activation, hiddenLayers(trace, problem), 'with the first weights', verify),
  );
  // What explains itself by its causes need not be said again.
  if (findings.length === 0) findings.push(...gradientRatio(subject, objective.gradient(parameters), verify));
  return { firstLoss, constantLoss, findings };
}

function gradientRatio({ plan }: Subject, gradient: Float64Array, verify: string): Finding[] {
  const norms = tensorsOf(plan.network)
    .filter(({ isWeight }) => isWeight)
    .map(({ offset, length }) =>
      Math.sqrt(gradient.subarray(offset, offset + length).reduce((sum, g) => sum + g * g, 0)),
    );
  return norms.length < 2 ? [] : gradientFindings(norms[0], norms[norms.length - 1], verify);
}

/** Stored outputs of the hidden layers are the inputs of the next ones. */
function hiddenLayers({ inputs }: Trace, { network, rows }: CheckProblem) {
  return inputs.slice(1).map((output, layer) => {
    const units = network.sizes[layer + 1];
    return { layer, units, rows, output, stride: units };
  });
}

function initialisation({ plan, config }: Subject, parameters: Float64Array, verify: string): Finding[] {
  // Calibrated weights have the size that the rows ask for, whatever it is.
  if (config.init === 'calibrated') return [];
  const { activation, layers } = plan.network;
  const weights = tensorsOf(plan.network).filter(({ isWeight }) => isWeight);
  const ratios = weights.map(({ name, offset, length }, layer) => {
    const values = parameters.subarray(offset, offset + length);
    const size = Math.sqrt(values.reduce((sum, w) => sum + w * w, 0) / length);
    const gain = layer === weights.length - 1 ? 1 : ACTIVATIONS[activation].gain;
    const alike = length > 1 && values.every((w) => w === values[0]);
    return { name, size, alike, ratio: size / (gain / Math.sqrt(layers[layer].inputs)) };
  });
  const same = ratios.slice(0, -1).find(({ alike }) => alike);
  const large = ratios.reduce((most, r) => (r.ratio > most.ratio ? r : most));
  const small = ratios.reduce((least, r) => (r.ratio < least.ratio ? r : least));
  const where = initialFile(config.init) === null ? 'the first weights' : `the weights of ${config.init}`;
  const finding = (evidence: string, cause: string, severity: Finding['severity']): Finding[] => [
    {
      code: 'bad_initialisation',
      severity,
      evidence,
      cause,
      advice: "Leave --init out: weights are then drawn by He's rule, which keeps signals at their size.",
      verify,
      values: { largest: large.ratio, smallest: small.ratio },
    },
  ];
  if (same !== undefined) {
    return finding(
      `${where} of ${same.name} are all ${brief(same.size)}`,
      'units that start alike get the same gradient and stay alike: the layer is one unit wide',
      'error',
    );
  }
  if (large.ratio > TOO_LARGE) {
    return finding(
      `${where} of ${large.name} are ${brief(large.ratio)} times the size that keeps signals at theirs`,
      'signals and gradients grow with every layer',
      'error',
    );
  }
  if (small.ratio < TOO_SMALL) {
    return finding(
      `${where} of ${small.name} are ${brief(small.ratio)} times the size that keeps signals at theirs`,
      'signals and gradients vanish: training stands still at first',
      'warning',
    );
  }
  return [];
}

/** The loss of outputs that are the logarithms of the targets, as near as they have one. */
function exactCounts({ loss, y, rows }: CheckProblem): number {
  return loss(
    y.map((count) => Math.log(Math.max(count, 1e-9))),
    y,
    rows,
  ).value;
}

/** The loss of logits that are all 0. */
function undecided({ loss, y, rows, network }: CheckProblem): number {
  return loss(new Float64Array(rows * network.sizes[network.sizes.length - 1]), y, rows).value;
}

/** The least loss of a prediction that is the same for every row: by values, a search; by classes, their shares. */
function bestConstant({ loss, y, rows, network }: CheckProblem, targets: Loss['targets']): number {
  const outputs = network.sizes[network.sizes.length - 1];
  const constant = new Float64Array(outputs);
  const value = (): number => {
    const z = Float64Array.from({ length: rows * outputs }, (_, i) => constant[i % outputs]);
    return loss(z, y, rows).value;
  };
  if (targets === 'class' && outputs > 1) {
    for (const code of y) constant[code]++;
    constant.forEach((n, c) => {
      constant[c] = Math.log(Math.max(n, 0.5) / rows);
    });
    return value();
  }
  // Each output of its own: a loss of values is a sum of theirs.
  for (let output = 0; output < outputs; output++) {
    const at = (z: number): number => {
      constant[output] = z;
      return value();
    };
    constant[output] = leastOf(at, y);
  }
  return value();
}

/** Where a convex function of a prediction is least, by thirds. */
function leastOf(at: (z: number) => number, y: Float64Array): number {
  let low = Math.min(
    -10,
    y.reduce((least, v) => Math.min(least, v), 0),
  );
  let high = Math.max(
    10,
    y.reduce((most, v) => Math.max(most, v), 0),
  );
  for (let turn = 0; turn < 60; turn++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (at(a) < at(b)) high = b;
    else low = a;
  }
  return (low + high) / 2;
}
