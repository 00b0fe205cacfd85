/** A user's loss module, checked before anything is trained with it: its rows, its reductions, its penalty. */
import type { Loss } from '../nn/losses/loss.js';
import { type LossModule, measureReductions, type Reductions } from '../nn/losses/module.js';
import { createDraws } from './draws.js';
import type { Finding } from './finding.js';
import { penaltyFindings } from './penalty-findings.js';
import { rowFindings } from './row-findings.js';
import { probeRows, type RowProbe } from './row-probe.js';

export interface ModuleSample {
  readonly outputs: number;
  /** Predictions [rows, outputs]. */
  readonly z: Float64Array;
  /** Targets [rows]. */
  readonly y: Float64Array;
  /** W0, W1 … as one vector, for the penalty. */
  readonly weights: Float64Array;
}

export interface ModuleCheck {
  readonly own: Reductions;
  /** N */
  readonly rows: number;
  readonly probe: RowProbe;
  readonly findings: readonly Finding[];
}

/**
 * @param verify command that repeats the check
 * @throws ParagradError `loss_module`, `loss_not_additive`
 */
export function checkModule(module: LossModule, sample: ModuleSample, verify: string): ModuleCheck {
  const { outputs, z, y, weights } = sample;
  const own = measureReductions(module, outputs, (someZ, someY) => {
    someZ.set(z.subarray(0, someZ.length));
    someY.set(y.subarray(0, someY.length));
  });
  const probe = probeRows(module, own, outputs, z, y);
  const powerOfRows = own.loss === own.gradient ? 0 : own.loss === 'mean' ? 1 : -1;
  const rows = y.length;
  const findings = [
    ...rowFindings({ probe, rows, powerOfRows, verify }),
    ...penaltyFindings(module, weights, createDraws(1), verify),
  ];
  return { own, rows, probe, findings };
}

/** Fewest rows of a sample. */
export const SAMPLE_ROWS = 8;

/**
 * Predictions and targets of no particular table.
 *
 * @param classes 1 for values, else the number of classes; 2 classes have one output
 */
export function drawSample(
  targets: 'values' | 'binary' | 'class',
  rows: number,
  classes: number,
  seed: number,
): ModuleSample {
  const draws = createDraws(seed);
  const outputs = targets === 'class' ? classes : 1;
  const z = draws.vector(rows * outputs, -3, 3);
  const y = Float64Array.from({ length: rows }, () =>
    targets === 'values' ? draws.uniform(-3, 3) : draws.below(targets === 'binary' ? 2 : classes),
  );
  return { outputs, z, y, weights: draws.vector(64, -1, 1) };
}

/** Predictions that a network could make of these targets: near them for values, any logits for classes. */
export function predictionsFor(y: Float64Array, outputs: number, targets: Loss['targets'], seed: number): Float64Array {
  const draws = createDraws(seed);
  if (targets === 'class') return draws.vector(y.length * outputs, -3, 3);
  const most = y.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  return y.map((value) => value + draws.uniform(-2, 2) * Math.min(most, 10));
}
