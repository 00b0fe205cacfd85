/**
 * A gradient that is a constant times the true one, in words. The constant is taken apart into what people get wrong: a sign,
 * a sum where the other is a mean (a factor of N, the rows), and what is left, mostly a 2 of a square.
 */
import { brief, type Finding } from './finding.js';

/** Relative deviation from 1 that still counts as 1. */
const NEAR = 5e-3;
/** What a factor of N may be combined with when nobody measured that it is one. */
const SMALL_FACTORS = [1, 2, 0.5];

export interface ScaleQuestion {
  /** Claimed gradient / true gradient. */
  readonly kappa: number;
  /** N */
  readonly rows: number;
  /** How often N is in kappa if that was measured: 1 (gradient a sum, loss a mean), -1 (the other way) or 0; null: not measured. */
  readonly powerOfRows: -1 | 0 | 1 | null;
  /** Command that repeats the check. */
  readonly verify: string;
}

const near = (value: number, wanted: number): boolean => Math.abs(value / wanted - 1) <= NEAR;

export function scaleFindings({ kappa, rows, powerOfRows, verify }: ScaleQuestion): Finding[] {
  const power = powerOfRows ?? guessPower(Math.abs(kappa), rows);
  const rest = Math.abs(kappa) / (power === 1 ? rows : power === -1 ? 1 / rows : 1);
  const values = { kappa, rows };
  const findings: Finding[] = [];
  if (kappa < 0) {
    const shown = (power === 0 ? kappa : -rest).toFixed(2);
    findings.push({
      code: 'gradient_sign',
      severity: 'error',
      evidence: `your gradient is ${shown} x the true one${power === 0 ? '' : ` (kappa = ${brief(kappa)} on ${rows} rows, with the sum)`}: following it climbs the loss`,
      cause: 'the sign is turned round: did you write y - prediction for prediction - y?',
      advice: 'Negate what "gradient" returns: write prediction - target where it says target - prediction.',
      verify,
      values: { ...values, sign: -1 },
    });
  }
  if (power !== 0) {
    const [times, is, other, edit] =
      power === 1
        ? [`N = ${rows} times too large`, 'a sum', 'a mean', 'Divide what "gradient" returns by the number of rows']
        : [
            `N = ${rows} times too small`,
            'a mean',
            'a sum',
            'Do not divide what "gradient" returns by the number of rows',
          ];
    findings.push({
      code: 'sum_against_mean',
      severity: 'error',
      evidence: `the gradient is ${times} (kappa = ${brief(kappa)} on ${rows} rows)`,
      cause: `${is} where the loss is ${other}: the step then depends on how many rows a batch has`,
      advice: `${edit}, or make the loss ${is} too.`,
      verify,
      values: { ...values, times: power === 1 ? rows : 1 / rows },
    });
  }
  if (!near(rest, 1)) {
    findings.push({
      code: 'gradient_factor',
      severity: 'error',
      evidence: `your gradient is ${brief(rest)} x the true one in length`,
      cause: factorCause(rest),
      advice:
        rest === 0
          ? 'Return the derivative of the loss by the prediction.'
          : `Multiply what "gradient" returns by ${brief(1 / rest)}, or the loss by ${brief(rest)}.`,
      verify,
      values: { ...values, factor: rest },
    });
  }
  return findings;
}

function guessPower(kappa: number, rows: number): -1 | 0 | 1 {
  if (rows < 5) return 0;
  if (SMALL_FACTORS.some((factor) => near(kappa, factor * rows))) return 1;
  return SMALL_FACTORS.some((factor) => near(kappa, factor / rows)) ? -1 : 0;
}

function factorCause(factor: number): string {
  if (near(factor, 2)) return 'a factor of 2 too many: the derivative of (prediction - y)^2 / 2 has none';
  if (near(factor, 0.5)) return 'a factor of 2 is missing: the derivative of (prediction - y)^2 is 2 (prediction - y)';
  return factor === 0 ? 'it is zero' : 'a constant factor is in one of loss and gradient, and not in the other';
}
