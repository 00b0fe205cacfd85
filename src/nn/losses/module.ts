/**
 * A loss that a user writes: an ES module, one file.
 *
 *   export function loss(prediction, target)       one row's loss
 *   export function gradient(prediction, target)   its derivative by the prediction
 *
 * or, with `export const batch = true`, of many rows at once: `loss` is given all predictions and targets and returns one
 * number, their sum or their mean; `gradient` returns one derivative per prediction, of the sum or of the mean. Either way a
 * prediction is what the network puts out (a logit, for classes): a number where the network has one output, else a
 * Float64Array; a target is a number, the class index for classes. Many of them are a Float64Array, or an array of those.
 *
 * Optionally `penalty(weights)` and `penaltyGradient(weights)`, of all weights (biases left out) as one Float64Array.
 *
 * The functions must be pure. A batched loss must be additive: a sum or a mean of what each row gives, so that a batch can be
 * cut into shards. Which of the two it is, is measured, for loss and gradient apart, since authors confuse them.
 */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ParagradError } from '../../errors.js';

export type Reduction = 'mean' | 'sum';

/** What a module exports, checked for being there. */
interface LossExports {
  readonly loss: (prediction: unknown, target: unknown) => unknown;
  readonly gradient: (prediction: unknown, target: unknown) => unknown;
  readonly batch?: unknown;
  readonly penalty?: (weights: Float64Array) => unknown;
  readonly penaltyGradient?: (weights: Float64Array) => unknown;
}

/** A user's loss on flat rows. Every function throws ParagradError `loss_module` where the user's own throws or returns nonsense. */
export interface LossModule {
  /** Its file name, for messages. */
  readonly name: string;
  readonly batch: boolean;
  /** Loss of rows, added up by rows or, batched, as the author does it. `z` [rows, outputs], `y` [rows]. */
  loss(z: Float64Array, y: Float64Array, rows: number, outputs: number): number;
  /** Derivatives by z as the author gives them, into d [rows, outputs]. */
  gradient(z: Float64Array, y: Float64Array, rows: number, outputs: number, d: Float64Array): void;
  readonly penalty: ((weights: Float64Array) => number) | null;
  readonly penaltyGradient: ((weights: Float64Array) => Float64Array) | null;
}

/** Whether a value of the option `loss` is the path of a module and not a name. */
export function isLossFile(loss: string): boolean {
  return /\.[cm]?js$/.test(loss);
}

/**
 * Loads a module.
 *
 * @throws ParagradError `no_such_file`, `loss_module`
 */
export async function importLossModule(path: string): Promise<LossModule> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw new ParagradError('no_such_file', `no such file: ${path}`);
  let exports: Partial<LossExports>;
  try {
    exports = (await import(pathToFileURL(resolve(path)).href)) as Partial<LossExports>;
  } catch (cause) {
    throw new ParagradError('loss_module', `${path} cannot be loaded: ${(cause as Error).message}`, { cause });
  }
  for (const key of ['loss', 'gradient'] as const) {
    if (typeof exports[key] !== 'function') {
      throw new ParagradError('loss_module', `${path} exports no function "${key}"`, {
        hint: 'A loss module exports loss(prediction, target) and gradient(prediction, target).',
      });
    }
  }
  return wrap(exports as LossExports, basename(path));
}

/** @param name for messages */
export function wrap(exports: LossExports, name: string): LossModule {
  const call = (label: string, run: () => unknown): unknown => {
    try {
      return run();
    } catch (cause) {
      throw new ParagradError('loss_module', `${label} of ${name} threw: ${(cause as Error).message}`, { cause });
    }
  };
  const number = (label: string, value: unknown): number => {
    if (typeof value === 'number') return value;
    throw new ParagradError('loss_module', `${label} of ${name} returned ${show(value)}; expected a number`);
  };
  const batch = exports.batch === true;

  function write(d: Float64Array, at: number, outputs: number, value: unknown): void {
    if (typeof value === 'number' && outputs === 1) {
      d[at] = value;
      return;
    }
    const values = value as ArrayLike<number> | null | undefined;
    if (values?.length !== outputs || typeof values[0] !== 'number') {
      const expected = outputs === 1 ? 'a number' : `${outputs} numbers`;
      throw new ParagradError(
        'loss_module',
        `gradient of ${name} returned ${show(value)} for a row; expected ${expected}`,
      );
    }
    for (let o = 0; o < outputs; o++) d[at + o] = values[o];
  }

  function gradientOfBatch(value: unknown, rows: number, outputs: number, d: Float64Array): void {
    const values = value as ArrayLike<unknown> | null | undefined;
    if (values?.length === rows * outputs && typeof values[0] === 'number') {
      for (let i = 0; i < d.length; i++) d[i] = values[i] as number;
    } else if (values?.length === rows) {
      for (let r = 0; r < rows; r++) write(d, r * outputs, outputs, values[r]);
    } else {
      throw new ParagradError(
        'loss_module',
        `gradient of ${name} returned ${show(value)} for ${rows} rows; expected ${rows} of them, one for each prediction`,
      );
    }
  }

  const rowOf = (z: Float64Array, r: number, outputs: number): number | Float64Array =>
    outputs === 1 ? z[r] : z.subarray(r * outputs, (r + 1) * outputs);
  const rowsOf = (z: Float64Array, rows: number, outputs: number): Float64Array | Float64Array[] =>
    outputs === 1 ? z : Array.from({ length: rows }, (_, r) => z.subarray(r * outputs, (r + 1) * outputs));
  const { penalty, penaltyGradient } = exports;

  return {
    name,
    batch,
    loss(z, y, rows, outputs) {
      if (batch) {
        const value = call('loss', () => exports.loss(rowsOf(z, rows, outputs), y));
        return number('loss', value);
      }
      let sum = 0;
      for (let r = 0; r < rows; r++) {
        const value = call('loss', () => exports.loss(rowOf(z, r, outputs), y[r]));
        sum += number('loss', value);
      }
      return sum;
    },
    gradient(z, y, rows, outputs, d) {
      if (batch) {
        const value = call('gradient', () => exports.gradient(rowsOf(z, rows, outputs), y));
        gradientOfBatch(value, rows, outputs, d);
        return;
      }
      for (let r = 0; r < rows; r++) {
        const value = call('gradient', () => exports.gradient(rowOf(z, r, outputs), y[r]));
        write(d, r * outputs, outputs, value);
      }
    },
    penalty:
      penalty === undefined
        ? null
        : (weights) =>
            number(
              'penalty',
              call('penalty', () => penalty(weights)),
            ),
    penaltyGradient:
      penaltyGradient === undefined
        ? null
        : (weights) => {
            const value = call('penaltyGradient', () => penaltyGradient(weights)) as ArrayLike<number> | undefined;
            if (value?.length === weights.length && typeof value[0] === 'number') {
              return value instanceof Float64Array ? value : Float64Array.from(value);
            }
            throw new ParagradError(
              'loss_module',
              `penaltyGradient of ${name} returned ${show(value)}; expected ${weights.length} numbers, one for each weight`,
            );
          },
  };
}

/** How loss and gradient of a module each treat the number of rows. */
export interface Reductions {
  readonly loss: Reduction;
  readonly gradient: Reduction;
}

const ROWS = [3, 5] as const;

/**
 * Measures whether loss and gradient of a batched module are sums or means over the rows, by giving it two lots of rows apart
 * and together.
 *
 * @param sample fills z [rows, outputs] and y [rows] with rows that may occur
 * @throws ParagradError `loss_not_additive` when they are neither
 */
export function measureReductions(
  module: LossModule,
  outputs: number,
  sample: (z: Float64Array, y: Float64Array) => void,
): Reductions {
  if (!module.batch) return { loss: 'sum', gradient: 'sum' };
  const [first, second] = ROWS;
  const rows = first + second;
  const z = new Float64Array(rows * outputs);
  const y = new Float64Array(rows);
  sample(z, y);
  const part = (from: number, to: number) => {
    const [zs, ys] = [z.slice(from * outputs, to * outputs), y.slice(from, to)];
    const d = new Float64Array(zs.length);
    module.gradient(zs, ys, to - from, outputs, d);
    return { loss: module.loss(zs, ys, to - from, outputs), d };
  };
  const [a, b, all] = [part(0, first), part(first, rows), part(0, rows)];
  const sum = a.loss + b.loss;
  const mean = (first * a.loss + second * b.loss) / rows;
  const parts = [...a.d, ...b.d];
  const counts = parts.map((_, i) => (i < a.d.length ? first : second));
  const near = (x: number, wanted: number, scale: number) => Math.abs(x - wanted) <= 1e-9 * scale || !(x - x === 0);
  const lossScale = Math.abs(a.loss) + Math.abs(b.loss);
  const gradientScale = Math.max(...parts.map(Math.abs));
  const loss = near(all.loss, mean, lossScale) ? 'mean' : near(all.loss, sum, lossScale) ? 'sum' : null;
  const gradient = parts.every((d, i) => near(all.d[i] * rows, d * counts[i], gradientScale * rows))
    ? 'mean'
    : parts.every((d, i) => near(all.d[i], d, gradientScale))
      ? 'sum'
      : null;
  if (loss !== null && gradient !== null) return { loss, gradient };
  const what = loss === null ? 'loss' : 'gradient';
  throw new ParagradError(
    'loss_not_additive',
    `${what} of ${module.name} is neither a sum nor a mean over the rows: on ${first} and ${second} rows apart it gives other values than on all ${rows} together`,
    {
      hint: 'A batch is cut into shards, so every row must add its own part. Write a loss per row, without "export const batch".',
    },
  );
}

function show(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  const { length } = value as { length?: number };
  return length === undefined ? 'an object' : `${length} values`;
}
