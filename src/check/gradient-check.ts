/**
 * Whether a gradient is that of its loss, through a whole network: the probes of probes.ts together, and what they say.
 */
import type { Draws } from './draws.js';
import { brief, type Finding } from './finding.js';
import type { Objective } from './objective.js';
import {
  type Decomposition,
  type Directional,
  decompose,
  type Element,
  type PenaltyProbe,
  probeDirection,
  probeElements,
  probePenalty,
} from './probes.js';
import { scaleFindings } from './scale-findings.js';

export interface GradientCheck {
  readonly verdict: 'right' | 'doubtful' | 'wrong';
  readonly directional: Directional;
  readonly elements: readonly Element[];
  readonly decomposition: readonly Decomposition[];
  readonly penalty: PenaltyProbe | null;
  /** Largest relative error of an entry that could be judged. */
  readonly worst: number;
  readonly findings: readonly Finding[];
}

export interface GradientCheckOptions {
  /** Entries checked of every tensor, at most. */
  readonly perTensor: number;
  readonly draws: Draws;
  /** Command that repeats the check, for the findings. */
  readonly verify: string;
}

/** What neither a scale nor a penalty explains of a tensor's gradient, as a share of its norm. */
const RESIDUAL = 1e-2;
const PENALTIES_AGREE = 1e-3;

export function checkGradient(
  objective: Objective,
  parameters: Float64Array,
  { perTensor, draws, verify }: GradientCheckOptions,
): GradientCheck {
  const directional = probeDirection(objective, parameters);
  const elements = probeElements(objective, parameters, perTensor, draws);
  const judged = elements.filter(({ verdict }) => verdict !== 'kink' && verdict !== 'inconclusive');
  const decomposition = decompose(elements, parameters);
  const penalty = probePenalty(objective, parameters);
  const findings = judged.some(({ verdict }) => verdict === 'wrong')
    ? findingsOf(objective, directional, judged, decomposition, verify)
    : [];
  if (penalty !== null) findings.push(...penaltyFinding(penalty, verify));
  const doubtful = judged.some(({ verdict }) => verdict === 'doubtful');
  return {
    verdict: findings.length > 0 ? 'wrong' : doubtful ? 'doubtful' : 'right',
    directional,
    elements,
    decomposition,
    penalty,
    worst: judged.reduce((most, { error }) => Math.max(most, error), 0),
    findings,
  };
}

function findingsOf(
  { problem }: Objective,
  { kappa }: Directional,
  judged: readonly Element[],
  decomposition: readonly Decomposition[],
  verify: string,
): Finding[] {
  const fitted = decomposition.filter(({ scale }) => Number.isFinite(scale));
  const [first] = fitted;
  const alike = fitted.every(
    ({ scale, residual }) => residual <= RESIDUAL && Math.abs(scale - first.scale) <= RESIDUAL * Math.abs(first.scale),
  );
  if (first !== undefined && alike && first.scale !== 0) {
    const { rows } = problem;
    return scaleFindings({ kappa: first.scale, rows, powerOfRows: null, verify });
  }
  const bad = decomposition.filter(({ tensor }) =>
    judged.some((element) => element.tensor === tensor && element.verdict === 'wrong'),
  );
  const worst = judged.reduce((most, element) => (element.error > most.error ? element : most));
  const wrong = judged.filter(({ verdict }) => verdict === 'wrong').length;
  return [
    {
      code: 'gradient_wrong',
      severity: 'error',
      evidence:
        `${wrong} of ${judged.length} entries are wrong, in ${bad.map(({ tensor }) => tensor).join(', ')}; worst ${worst.tensor}[${worst.index}]: ` +
        `yours ${brief(worst.claimed)}, true ${brief(worst.numeric)} (kappa = ${brief(kappa)})`,
      cause: 'it is not the derivative of the reported loss',
      advice: `Derive ${bad.map(({ tensor }) => tensor).join(', ')} again.`,
      verify,
      values: { wrong, of: judged.length, kappa, claimed: worst.claimed, numeric: worst.numeric },
    },
  ];
}

function penaltyFinding({ inGradient, inLoss }: PenaltyProbe, verify: string): Finding[] {
  const size = Math.max(Math.abs(inGradient), Math.abs(inLoss));
  if (Math.abs(inGradient - inLoss) <= PENALTIES_AGREE * size + 1e-9) return [];
  const code =
    Math.abs(inLoss) <= PENALTIES_AGREE * size
      ? 'penalty_not_in_loss'
      : Math.abs(inGradient) <= PENALTIES_AGREE * size
        ? 'penalty_not_in_gradient'
        : 'penalty_mismatch';
  const [has, lacks] = code === 'penalty_not_in_gradient' ? ['loss', 'gradient'] : ['gradient', 'loss'];
  return [
    {
      code,
      severity: 'error',
      evidence:
        code === 'penalty_mismatch'
          ? `the gradient has a penalty of ${brief(inGradient)}, the loss one of ${brief(inLoss)}`
          : `the ${has} has a penalty of ${brief(size)} that the ${lacks} leaves out`,
      cause: 'the loss that is reported is not the function whose gradient is followed',
      advice: `Put the same penalty in both: r/2 times the sum of squared weights in the loss, r times W in the gradient.`,
      verify,
      values: { inGradient, inLoss },
    },
  ];
}
