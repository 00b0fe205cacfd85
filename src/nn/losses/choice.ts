/**
 * The loss of a run: one of the registry, or a user's module. A choice is plain data that can be posted to a worker; opening
 * it gives functions, in the thread that will call them.
 *
 * How a batched module's own sum or mean composes with shards: a step wants sums over rows, so what a module averages over
 * the rows that it is given is multiplied by their number again; after all shards are added, the loss is divided by the
 * total weight if its author averages it, and the gradient if its author averages that. So a run follows exactly what the
 * author wrote, a sum against a mean included, for any shards. A module of single rows follows the run's `reduction`.
 */
import { invariant } from '../../errors.js';
import { LOSSES, type LossName } from './index.js';
import type { Loss, LossArguments, LossConstants } from './loss.js';
import { importLossModule, type LossModule, type Reduction, type Reductions } from './module.js';

/** A user's loss, after it was looked at. */
export interface CustomLoss {
  /** Absolute path of the module. */
  readonly file: string;
  readonly targets: Loss['targets'];
  readonly batch: boolean;
  /** What its functions make of the rows that they are given; sums, of a module of single rows. */
  readonly own: Reductions;
  /** Whether it has a `penaltyGradient`. */
  readonly penaltyGradient: boolean;
}

export type LossChoice = LossName | CustomLoss;

/** Functions of the weights W0, W1 … as one flat vector. Either may be absent: then it is 0. */
export type ModulePenalty = Pick<LossModule, 'penalty' | 'penaltyGradient'>;

export interface OpenLoss {
  /** The loss on one memory. */
  bind(f32: Float32Array): Loss;
  readonly penalty: ModulePenalty | null;
}

/** Values, or the class index. */
export function targetsOf(loss: LossName | Pick<CustomLoss, 'targets'>): Loss['targets'] {
  return typeof loss === 'string' ? LOSSES[loss].targets : loss.targets;
}

/** Outputs that one target value takes; a module has one. */
export function outputsPerValue(loss: LossName | object, constants: LossConstants): number {
  if (typeof loss !== 'string') return 1;
  const builtIn: Loss = LOSSES[loss];
  return builtIn.outputsPerValue?.(constants) ?? 1;
}

/** What an output of the network stands for; see Loss. */
export function outputIs(loss: LossName | Pick<CustomLoss, 'file'>): Loss['outputIs'] {
  return typeof loss === 'string' ? LOSSES[loss].outputIs : 'value';
}

/** Whether the followed loss and gradient are means over a batch or sums, in a run with this `reduction`. */
export function followedReductions(loss: LossChoice, reduction: Reduction): Reductions {
  return typeof loss === 'string' || !loss.batch ? { loss: reduction, gradient: reduction } : loss.own;
}

/** For people: its name, or its file. */
export function lossLabel(loss: LossChoice): string {
  return typeof loss === 'string' ? loss : loss.file;
}

export function openBuiltIn(loss: LossChoice): OpenLoss {
  invariant(typeof loss === 'string', 'a loss module must be opened before it is used');
  return { bind: () => LOSSES[loss], penalty: null };
}

/** @throws ParagradError `no_such_file`, `loss_module` */
export async function openLoss(loss: LossChoice): Promise<OpenLoss> {
  return typeof loss === 'string' ? openBuiltIn(loss) : openModule(await importLossModule(loss.file), loss);
}

export function openModule(module: LossModule, { targets, own }: Pick<CustomLoss, 'targets' | 'own'>): OpenLoss {
  const { penalty, penaltyGradient } = module;
  return {
    bind: (f32) => ({
      tasks: [],
      targets,
      reads: [],
      outputIs: 'value',
      run: (_kernels, block) => runModule(module, own, f32, block),
    }),
    penalty: penalty === null && penaltyGradient === null ? null : { penalty, penaltyGradient },
  };
}

/** One block of rows: in float64, from and to float32. Rows are given one by one where they have weights. */
function runModule(module: LossModule, own: Reductions, f32: Float32Array, block: LossArguments): number {
  const { rows, outputs, ld } = block;
  const z = new Float64Array(rows * outputs);
  const y = new Float64Array(rows);
  const d = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    y[r] = f32[block.y / 4 + r];
    for (let o = 0; o < outputs; o++) z[r * outputs + o] = f32[block.z / 4 + r * ld + o];
  }
  let sum = 0;
  if (block.weights === 0) {
    sum = module.loss(z, y, rows, outputs) * (own.loss === 'mean' ? rows : 1);
    module.gradient(z, y, rows, outputs, d);
    if (own.gradient === 'mean') for (let i = 0; i < d.length; i++) d[i] *= rows;
  } else {
    for (let r = 0; r < rows; r++) {
      const weight = f32[block.weights / 4 + r];
      if (weight === 0) continue;
      const [from, to] = [r * outputs, (r + 1) * outputs];
      const [zr, yr, dr] = [z.subarray(from, to), y.subarray(r, r + 1), d.subarray(from, to)];
      sum += weight * module.loss(zr, yr, 1, outputs);
      module.gradient(zr, yr, 1, outputs, dr);
      for (let o = 0; o < outputs; o++) dr[o] *= weight;
    }
  }
  for (let r = 0; r < rows; r++) {
    const to = block.d / 4 + r * ld;
    for (let o = 0; o < ld; o++) f32[to + o] = o < outputs ? d[r * outputs + o] : 0;
  }
  return sum;
}
