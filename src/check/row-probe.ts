/**
 * A loss module looked at row by row, without a network: the derivative of its loss by each prediction, by central
 * differences on single rows, beside what its gradient says. This is where a mistake shows most sharply, and where it can be
 * told what mistake it is.
 *
 * A module's loss is additive (nn/losses/module.ts), so a row on its own has the derivative that it has among others.
 */
import type { LossModule, Reductions } from '../nn/losses/module.js';

/** One prediction of one row. */
export interface RowEntry {
  readonly row: number;
  readonly output: number;
  readonly prediction: number;
  readonly target: number;
  /** By the module, of the row on its own: its mean is undone. */
  readonly claimed: number;
  readonly numeric: number;
}

export interface RowProbe {
  readonly entries: readonly RowEntry[];
  /** Rows at a kink of the loss, left out. */
  readonly kinks: number;
  /** The first row with a loss or gradient that is not finite. */
  readonly notFinite: { readonly row: number; readonly loss: number; readonly gradient: number } | null;
}

const STEP = 1e-5;
/** One-sided derivatives that differ by more lie at a kink. */
const KINK = 1e-2;

/**
 * @param z [rows, outputs]
 * @param y [rows]
 */
export function probeRows(
  module: LossModule,
  own: Reductions,
  outputs: number,
  z: Float64Array,
  y: Float64Array,
): RowProbe {
  const rows = y.length;
  const claimed = new Float64Array(z.length);
  module.gradient(z, y, rows, outputs, claimed);
  const entries: RowEntry[] = [];
  let kinks = 0;
  let notFinite: RowProbe['notFinite'] = null;
  for (let row = 0; row < rows; row++) {
    const derivative = rowDerivative(module, outputs, z.subarray(row * outputs, (row + 1) * outputs), y[row]);
    for (let output = 0; output < outputs; output++) {
      const at = row * outputs + output;
      const gradient = claimed[at] * (own.gradient === 'mean' ? rows : 1);
      if (!(Number.isFinite(derivative.loss) && Number.isFinite(gradient))) {
        notFinite ??= { row, loss: derivative.loss, gradient };
        continue;
      }
      const numeric = derivative.at(output);
      if (numeric === null) kinks++;
      else entries.push({ row, output, prediction: z[at], target: y[row], claimed: gradient, numeric });
    }
  }
  return { entries, kinks, notFinite };
}

interface RowDerivative {
  readonly loss: number;
  /** By one output; null at a kink. */
  at(output: number): number | null;
}

function rowDerivative(module: LossModule, outputs: number, z: Float64Array, y: number): RowDerivative {
  const moved = z.slice();
  const target = new Float64Array([y]);
  const value = (): number => module.loss(moved, target, 1, outputs);
  const loss = value();
  return {
    loss,
    at(output) {
      const h = STEP * Math.max(1, Math.abs(z[output]));
      moved[output] = z[output] + h;
      const above = value();
      moved[output] = z[output] - h;
      const below = value();
      moved[output] = z[output];
      const [up, down] = [(above - loss) / h, (loss - below) / h];
      // The two differ by h times the curvature on smooth ground.
      const rounding = (1e3 * Number.EPSILON * Math.abs(loss)) / h;
      const apart = Math.abs(up - down);
      if (apart > KINK * (Math.abs(up) + Math.abs(down)) + rounding && apart > 100 * h) return null;
      return (above - below) / (2 * h);
    },
  };
}

/**
 * The derivative of a module's loss, whatever its gradient says: d(sum of the rows' losses)/dz by central differences.
 *
 * @param d receives [rows, outputs]
 * @returns the sum of the rows' losses
 */
export function trueGradient(
  module: LossModule,
  outputs: number,
  z: Float64Array,
  y: Float64Array,
  d: Float64Array,
): number {
  let sum = 0;
  for (let row = 0; row < y.length; row++) {
    const derivative = rowDerivative(module, outputs, z.subarray(row * outputs, (row + 1) * outputs), y[row]);
    sum += derivative.loss;
    for (let output = 0; output < outputs; output++) d[row * outputs + output] = derivative.at(output) ?? 0;
  }
  return sum;
}
