/**
 * The research door: one step on explicit rows and given parameters, with the gradient readable and replaceable. It is the
 * trainer's own step (the same plan, kernels and bits) on this thread, without files, preprocessing or threads.
 *
 * For experiments and tests: check a derivative, replay an explosion, compare with another framework row by row.
 */
import { allocateDataset, type Dataset, planRow } from '../data/dataset.js';
import type { RowOrder } from '../data/order.js';
import { ParagradError } from '../errors.js';
import { chooseKernels } from '../kernels/load.js';
import { groupsFor } from '../nn/groups.js';
import { initialiseParameters } from '../nn/init.js';
import { LOSSES } from '../nn/losses/index.js';
import { readTensor, rowWidth, type Tensor, writeTensor } from '../nn/network.js';
import { CONSTANT_RATE } from '../nn/schedules/rate.js';
import { createInlineStep } from '../parallel/inline.js';
import { BLOCK_ROWS, planStep, targetsPerRow } from '../parallel/plan.js';
import { defaultShards } from '../parallel/tree.js';
import { hyperparametersOf } from './hyperparameters.js';
import { type LabOptions, type ResolvedLab, resolveLab, type Tensors } from './lab-options.js';
import { lossConstantsOf } from './loss-constants.js';

export interface LabBatch {
  /** [rows, inputs] row-major; a row ends with the code of each embedded category, -1 for none. */
  x: ArrayLike<number>;
  /** [rows, outputs] row-major, of several quantiles [rows, outputs / quantiles]; class indices [rows] for cross_entropy. */
  y: ArrayLike<number>;
  /** [rows]; only in a weighted lab, where it is required. */
  weights?: ArrayLike<number>;
  /**
   * Sees the gradient of the loss (averaged, with the penalty, before clipping) and may return tensors to use in its place.
   */
  gradient?: (gradient: Record<string, Float32Array>) => Tensors | undefined;
}

export interface LabStep {
  /** Data loss plus penalty, before the update: the function whose gradient is followed. */
  readonly loss: number;
  readonly dataLoss: number;
  readonly penalty: number;
  /** Global norm of the gradient that the loss has, before clipping and replacing. */
  readonly gradientNorm: number;
  readonly gradient: Record<string, Float32Array>;
}

export interface Lab {
  /** The parameters, copied. */
  parameters(): Record<string, Float32Array>;
  /** The running average of the parameters, copied; the parameters themselves where there is none. */
  average(): Record<string, Float32Array>;
  /**
   * One optimiser step.
   *
   * @throws ParagradError `diverged` when the loss is not finite; nothing is updated then
   */
  step(batch: LabBatch): LabStep;
  /** Logits [rows, outputs] of x [rows, inputs]. */
  predict(x: ArrayLike<number>): Float32Array;
}

/**
 * @throws ParagradError `bad_option`, `unread_option`, `wrong_tensor`, `memory_plan_too_large`
 *
 * @example
 * const lab = createLab({ sizes: [2, 10, 1], batchSize: 100, loss: 'half_mse', learningRate: 5e-4 });
 * const { loss, gradient } = lab.step({ x, y });
 */
export function createLab(options: LabOptions): Lab {
  const resolved = resolveLab(options);
  const { sizes, batchSize, loss, weighted, parameters } = resolved;
  const plan = planStep({
    network: {
      sizes,
      activation: resolved.activation,
      blend: resolved.learnedActivation,
      inputScale: resolved.inputScale,
      residual: resolved.residual,
      layerNorm: resolved.layerNorm,
      periodic: resolved.periodic,
      embeddings: resolved.embeddings,
    },
    loss,
    lossConstants: lossConstantsOf(resolved),
    reduction: resolved.reduction,
    optimizer: resolved.optimizer,
    hyper: hyperparametersOf(resolved),
    rate: CONSTANT_RATE,
    groups: groupsFor(resolved),
    layerRates: resolved.layerRates,
    decaySchedule: 'constant',
    dropoutSchedule: 'constant',
    ema: resolved.ema ?? null,
    l2: resolved.l2,
    clipNorm: resolved.clipNorm ?? null,
    dropout: resolved.dropout,
    weighted,
    batchSize,
    shards: resolved.shards ?? defaultShards(batchSize),
    workers: resolved.workers,
    batchRows: null,
  });
  const inputs = rowWidth(resolved);
  const targets = targetsPerRow(loss, sizes[sizes.length - 1], plan.lossConstants);
  const layout = planRow({ numbers: inputs, flagged: [], categories: [], targets, weighted });
  const dataset = allocateDataset(batchSize, layout);
  const { tensors } = plan.network;
  const step = createInlineStep(plan, chooseKernels(resolved.kernels), dataset);
  if (parameters) writeNamed(tensors, step.parameters, parameters);
  else initialiseParameters(plan.network, resolved.seed, step.parameters);
  let updates = 0;

  return {
    parameters: () => readNamed(tensors, step.parameters),
    average: () => readNamed(tensors, step.scored),
    step(batch) {
      const { x, y, weights, gradient: replace } = batch;
      const rows = checkBatch(resolved, targets, batch);
      writeRows(dataset, rows, [
        [x, inputs],
        [y, targets],
        [weights ?? [], weighted ? 1 : 0],
      ]);
      const { data, penalty, gradientNorm } = step.differentiate({
        order: IN_ORDER,
        updates,
        masks: { seed: resolved.seed, epoch: updates },
        start: 0,
        rows,
      });
      const total = data + penalty;
      if (!Number.isFinite(total)) {
        const message = `the loss of step ${updates + 1} is ${total}, not a finite number`;
        throw new ParagradError('diverged', message, { kind: 'diverged' });
      }
      const gradient = readNamed(tensors, step.gradient());
      const replacement = replace?.(gradient);
      if (replacement) writeNamed(tensors, step.gradient(), replacement);
      step.update(++updates, replacement ? norm(replacement) : gradientNorm);
      return { loss: total, dataLoss: data, penalty, gradientNorm, gradient };
    },
    predict(x) {
      const outputs = sizes[sizes.length - 1];
      const { inputStride } = plan.network.layers[0];
      const { outputStride } = plan.network.layers[plan.network.layers.length - 1];
      const rows = x.length / inputs;
      if (!Number.isInteger(rows)) throw wrongBatch(`predict got ${x.length} values in x; expected rows x ${inputs}`);
      const out = new Float32Array(rows * outputs);
      for (let start = 0; start < rows; start += BLOCK_ROWS) {
        const count = Math.min(BLOCK_ROWS, rows - start);
        for (let r = 0; r < count; r++) {
          for (let i = 0; i < inputs; i++) step.input[r * inputStride + i] = x[(start + r) * inputs + i];
        }
        const logits = step.forward(count);
        for (let r = 0; r < count; r++) {
          for (let o = 0; o < outputs; o++) out[(start + r) * outputs + o] = logits[r * outputStride + o];
        }
      }
      return out;
    },
  };
}

/**
 * The number of rows of a batch.
 *
 * @throws ParagradError `wrong_batch`
 */
function checkBatch(lab: ResolvedLab, targets: number, { x, y, weights }: LabBatch): number {
  const { sizes, embeddings, batchSize, loss, weighted } = lab;
  const inputs = rowWidth(lab);
  const rows = x.length / inputs;
  if (!Number.isInteger(rows) || rows < 1 || rows > batchSize || y.length !== rows * targets) {
    const expected = `rows x ${inputs} and rows x ${targets}, 1 to ${batchSize} rows`;
    throw wrongBatch(`a step got ${x.length} values in x and ${y.length} in y; expected ${expected}`);
  }
  embeddings.forEach((values, e) => {
    for (let row = 0; row < rows; row++) {
      const code = x[(row + 1) * inputs - embeddings.length + e];
      if (Number.isInteger(code) && code >= -1 && code < values) continue;
      throw wrongBatch(`row ${row} of x has the code ${code}; expected -1 to ${values - 1}`);
    }
  });
  if (LOSSES[loss].targets === 'class') {
    const classes = sizes[sizes.length - 1];
    const stray = Array.from(y).findIndex((index) => !(Number.isInteger(index) && index >= 0 && index < classes));
    if (stray >= 0) throw wrongBatch(`row ${stray} of y is ${y[stray]}; expected a class index, 0 to ${classes - 1}`);
  }
  if (!weighted && weights === undefined) return rows;
  if (!weighted || weights?.length !== rows) {
    throw wrongBatch(`a step got ${weights?.length ?? 'no'} weights; expected ${weighted ? rows : 'none'}`);
  }
  const stray = Array.from(weights).findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (stray >= 0) throw wrongBatch(`the weight of row ${stray} is ${weights[stray]}; expected 0 or more, and finite`);
  if (Array.from(weights).every((weight) => weight === 0)) throw wrongBatch('all weights of a step are 0');
  return rows;
}

function wrongBatch(message: string): ParagradError {
  return new ParagradError('wrong_batch', message);
}

const IN_ORDER: RowOrder = {
  fill(out, start, count) {
    for (let i = 0; i < count; i++) out[i] = start + i;
  },
};

/** Writes dataset rows 0 .. rows - 1 from parts, each [rows, width]. */
function writeRows(dataset: Dataset, rows: number, parts: readonly (readonly [ArrayLike<number>, number])[]): void {
  const { stride } = dataset.layout;
  for (let r = 0; r < rows; r++) {
    const piece = new Float32Array(dataset.pieces[Math.floor(r / dataset.rowsPerPiece)]);
    let at = (r % dataset.rowsPerPiece) * stride;
    for (const [values, width] of parts) {
      for (let i = 0; i < width; i++) piece[at++] = values[r * width + i];
    }
  }
}

function readNamed(tensors: readonly Tensor[], vector: Float32Array): Record<string, Float32Array> {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, readTensor(tensor, vector)]));
}

function writeNamed(tensors: readonly Tensor[], vector: Float32Array, values: Tensors): void {
  const stray = Object.keys(values).find((name) => tensors.every((tensor) => tensor.name !== name));
  if (stray !== undefined) {
    const names = tensors.map(({ name }) => name).join(', ');
    throw new ParagradError('wrong_tensor', `unknown tensor ${JSON.stringify(stray)}, expected ${names}`);
  }
  for (const tensor of tensors) {
    const size = tensor.rows * tensor.columns;
    const given = values[tensor.name];
    if (given?.length !== size) {
      throw new ParagradError(
        'wrong_tensor',
        `tensor ${tensor.name} has ${given?.length ?? 'no'} values; expected [${tensor.rows}, ${tensor.columns}] = ${size}`,
      );
    }
    writeTensor(tensor, vector, given);
  }
}

function norm(tensors: Tensors): number {
  let squares = 0;
  for (const values of Object.values(tensors)) {
    for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
  }
  return Math.sqrt(squares);
}
