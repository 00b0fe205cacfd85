/** A built-in loss with a built-in activation: the float64 twins against differences, the training kernels against the twins. */
import type { ChosenKernels } from '../kernels/load.js';
import { KINKED_LOSSES } from '../kernels/references-by-name.js';
import type { ActivationName } from '../nn/activations/index.js';
import { outputsPerValue } from '../nn/losses/choice.js';
import { LOSSES, type LossName } from '../nn/losses/index.js';
import { LOSS_DEFAULTS, type LossConstants } from '../nn/losses/loss.js';
import { denseNetwork } from '../nn/network.js';
import { createDraws } from './draws.js';
import { brief, type Finding } from './finding.js';
import { checkGradient, type GradientCheck } from './gradient-check.js';
import { kernelGradient, largestError } from './kernel-check.js';
import { builtInLoss, createObjective, l2Penalty } from './objective.js';
import { parameterCount } from './tensors.js';

export interface BuiltInCheck {
  readonly loss: LossName;
  readonly activation: ActivationName;
  readonly check: GradientCheck;
  /** Largest error of the training kernels' gradient, relative to each tensor's largest entry. */
  readonly kernelError: number;
  readonly findings: readonly Finding[];
}

/** Float32 against float64, summed over some hundred rows. */
const KERNEL_TOLERANCE = 1e-4;
const INPUTS = 5;
const HIDDEN = [12, 7];
const CLASSES = 4;
const L2 = 0.01;
/** Several quantiles at once, which is more than one of them. */
const CONSTANTS: LossConstants = { ...LOSS_DEFAULTS, quantile: [0.1, 0.5, 0.9] };

export function checkBuiltIn(
  loss: LossName,
  activation: ActivationName,
  { rows, seed, kernels, verify }: { rows: number; seed: number; kernels: ChosenKernels; verify: string },
): BuiltInCheck {
  const draws = createDraws(seed);
  const isClass = LOSSES[loss].targets === 'class';
  const outputs = isClass ? CLASSES : outputsPerValue(loss, CONSTANTS);
  const network = denseNetwork([INPUTS, ...HIDDEN, outputs], activation);
  // As float32, so that the kernels get the very same numbers.
  const parameters = draws.vector(parameterCount(network), -0.7, 0.7).map(Math.fround);
  const x = draws.vector(rows * INPUTS, -2, 2).map(Math.fround);
  const y = Float64Array.from({ length: rows }, () =>
    isClass ? draws.below(CLASSES) : loss === 'bce' ? draws.below(2) : Math.fround(draws.uniform(-2, 2)),
  );
  const objective = createObjective({
    network,
    rows,
    x,
    y,
    loss: builtInLoss(loss, outputs, 'mean', CONSTANTS),
    kinkAtTarget: KINKED_LOSSES.includes(loss),
    penalty: l2Penalty(L2),
  });
  const check = checkGradient(objective, parameters, { perTensor: 12, draws, verify });
  const trained = kernelGradient({ network, loss, constants: CONSTANTS, rows, x, y, l2: L2 }, parameters, kernels);
  const kernelError = largestError(network, trained, objective.gradient(parameters));
  const findings = [...check.findings];
  if (!(kernelError <= KERNEL_TOLERANCE)) {
    findings.push({
      code: 'kernel_gradient',
      severity: 'error',
      evidence: `the gradient that training computes for ${loss} with ${activation} is off by ${brief(kernelError)} of its largest entry`,
      cause: 'a kernel is wrong on this machine',
      advice: 'Train with --kernels wasm-strict, and report it.',
      verify,
      values: { kernelError },
    });
  }
  return { loss, activation, check, kernelError, findings };
}
