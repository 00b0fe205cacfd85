/**
 * One worker's inputs that are made of others: periodic functions of the row's numbers, and the learned values of its categories.
 * They are written beside what was gathered, into the same rows of the input buffer; backward takes their gradient apart again.
 *
 * An embedded category arrives as its code, in the columns right after the gathered inputs (data/dataset.ts), and is kept aside
 * before anything is written there. A code of -1 is missing or unseen: zeros, and no gradient.
 */
import type { Kernels } from '../kernels/kernels.js';
import type { Views } from '../memory/views.js';
import { type DerivedInputs, EMBEDDING_WIDTH, type PeriodicTensors } from '../nn/network.js';
import type { ForwardPlan } from './plan.js';

export interface DerivedInputsWorker {
  /**
   * Fills the columns of the rows that were gathered.
   *
   * @param padded rows rounded up to a multiple of 4
   */
  forward(rows: number, padded: number): void;
  /**
   * Takes the gradient of the columns (own.derivedDelta) to the tensors, row by row.
   *
   * @param gradient byte offset of the gradient vector to write, or to add to where `accumulate`
   */
  backward(rows: number, gradient: number, accumulate: boolean): void;
}

type Part = DerivedInputsWorker;

/** @param parameters byte offset of the parameter vector */
export function createDerivedInputs(
  plan: ForwardPlan,
  derived: DerivedInputs,
  worker: number,
  views: Views,
  kernels: Kernels,
  parameters: number,
): DerivedInputsWorker {
  const embeddings = createEmbeddings(plan, derived, worker, views, kernels, parameters);
  const periodic = derived.periodic && createPeriodic(plan, derived, derived.periodic, worker, kernels, parameters);
  return {
    forward(rows, padded) {
      embeddings.takeCodes(rows);
      periodic?.forward(rows, padded);
      embeddings.forward(rows, padded);
    },
    backward(rows, gradient, accumulate) {
      periodic?.backward(rows, gradient, accumulate);
      embeddings.backward(rows, gradient, accumulate);
    },
  };
}

function createPeriodic(
  { network, layout }: ForwardPlan,
  { start, stride }: DerivedInputs,
  tensors: PeriodicTensors,
  worker: number,
  kernels: Kernels,
  parameters: number,
): Part {
  const own = layout.workers[worker];
  const numbers = network.periodic;
  const { inputStride } = network.layers[0];
  const [frequency, phase, weight, bias] = [tensors.frequency, tensors.phase, tensors.weight, tensors.bias].map(
    ({ offset }) => 4 * offset,
  );
  return {
    forward(_rows, padded) {
      kernels.periodicForward(
        padded,
        numbers,
        own.input,
        inputStride,
        parameters + frequency,
        parameters + phase,
        parameters + weight,
        parameters + bias,
        own.input + 4 * start,
        inputStride,
      );
    },
    backward(rows, gradient, accumulate) {
      kernels.periodicGradient(
        rows,
        numbers,
        own.input,
        inputStride,
        own.derivedDelta,
        stride,
        parameters + frequency,
        parameters + phase,
        parameters + weight,
        gradient + frequency,
        gradient + phase,
        gradient + weight,
        gradient + bias,
        accumulate ? 1 : 0,
        own.workspace,
      );
    },
  };
}

/** Plain copies and additions of eight floats: a sum of two float32 rounds to the same bits here as in any kernel. */
function createEmbeddings(
  { network, layout }: ForwardPlan,
  { start, stride, embeddingStart, embeddings }: DerivedInputs,
  worker: number,
  { f32, i32 }: Views,
  kernels: Kernels,
  parameters: number,
): Part & { takeCodes(rows: number): void } {
  const own = layout.workers[worker];
  const count = embeddings.length;
  const { inputStride } = network.layers[0];
  const input = own.input / 4;
  const codes = own.codes / 4;
  const delta = own.derivedDelta / 4 + (embeddingStart - start);
  return {
    takeCodes(rows) {
      for (let r = 0; r < rows; r++) {
        for (let e = 0; e < count; e++) i32[codes + r * count + e] = f32[input + r * inputStride + start + e];
      }
    },
    forward(rows) {
      embeddings.forEach(({ offset }, e) => {
        const table = parameters / 4 + offset;
        for (let r = 0; r < rows; r++) {
          const code = i32[codes + r * count + e];
          const to = input + r * inputStride + embeddingStart + e * EMBEDDING_WIDTH;
          if (code < 0) f32.fill(0, to, to + EMBEDDING_WIDTH);
          else for (let j = 0; j < EMBEDDING_WIDTH; j++) f32[to + j] = f32[table + code * EMBEDDING_WIDTH + j];
        }
      });
    },
    backward(rows, gradient, accumulate) {
      embeddings.forEach(({ offset, length }, e) => {
        // What is added to holds the sum of other rows: the tree wants that of these first.
        const sum = accumulate ? own.embeddingGradient : gradient + 4 * offset;
        const table = sum / 4;
        f32.fill(0, table, table + length);
        for (let r = 0; r < rows; r++) {
          const code = i32[codes + r * count + e];
          if (code < 0) continue;
          const from = delta + r * stride + e * EMBEDDING_WIDTH;
          const to = table + code * EMBEDDING_WIDTH;
          for (let j = 0; j < EMBEDDING_WIDTH; j++) f32[to + j] += f32[from + j];
        }
        if (accumulate) kernels.add(gradient + 4 * offset, sum, length);
      });
    },
  };
}
