/**
 * The memory plan: from the sizes of a run to the byte offset of every buffer in the one shared WebAssembly.Memory.
 *
 * Pure and frozen: the same request gives the same plan on every thread, and nothing is ever moved or grown. Each buffer
 * starts on a 64-byte line (no line is shared by two workers), and successive bases are staggered by 192 bytes, an odd
 * multiple of 64, so that large buffers do not alias in the low 12 address bits (measured: aliasing cost a third).
 * Not an allocator: nothing is freed, and unused pages of the plan are never touched, so they cost no memory.
 */
import { ParagradError } from '../errors.js';
import { BARRIER_LINES, LINE_BYTES, WORKER_COUNTER_BYTES } from './control.js';

/** Most bytes that a WebAssembly memory can address. */
export const MAX_MEMORY_BYTES = 0x1_0000_0000;
/** Parameters per chunk: the unit of norms and of the slices that workers own. */
export const CHUNK = 4096;
/** Step losses kept in shared memory; a segment never has more steps. */
export const MAX_SEGMENT_STEPS = 16_384;
/** Bytes of one WebAssembly page. */
const PAGE_BYTES = 65_536;
/** Odd multiple of the 64-byte line left between two buffers. */
const STAGGER_BYTES = 3 * LINE_BYTES;

/** Sizes of a run. Counts are float32 elements unless their name says otherwise. */
export interface LayoutRequest {
  /** P: length of the parameter vector, padding included; a multiple of 16. */
  readonly parameters: number;
  /** Parameter-sized arrays of optimiser state. */
  readonly slots: number;
  /** S: shards of a batch. */
  readonly shards: number;
  /** Gradient buffers that each worker's range of leaves needs; its length is W, the number of workers. */
  readonly gradientBuffers: readonly number[];
  /** Most rows that a worker works on at once; a multiple of 4. */
  readonly rows: number;
  /** Leading dimension of the network's input. */
  readonly inputStride: number;
  /** Leading dimension of each layer's output. */
  readonly outputStrides: readonly number[];
  /** Leading dimension of each layer that keeps the slopes of its activation beside its output; empty where none does. */
  readonly slopeStrides: readonly number[];
  /** Leading dimension of each layer that keeps how far its activation moved its output; empty where none does. */
  readonly bendStrides: readonly number[];
  /** Leading dimension of each layer that normalises its product and keeps what its gradient needs; empty where none does. */
  readonly normStrides: readonly number[];
  /** Leading dimension of each hidden layer that passes on other values than its output, 0 of others; empty where none does. */
  readonly passedStrides: readonly number[];
  /** Leading dimension of the widest layer that adds its input to what it passes on, where gradients are made; else 0. */
  readonly skipStride: number;
  /** Parameter-sized float64 arrays for what a user's penalty adds to the gradient: 1, or 0 where there is none. */
  readonly penaltyGradients: number;
  /** Floats of the first layer's scaled weights, and of their gradient; 0 where inputs have no learned scale. */
  readonly scaledWeights: number;
  /** Category codes that a row brings; 0 where none is embedded. */
  readonly codes: number;
  /** Leading dimension of the gradient by the inputs that are made of others; 0 where there are none. */
  readonly derivedStride: number;
  /** Floats of the largest embedding; 0 where there is none. */
  readonly embedding: number;
  /** Target values a row. */
  readonly targets: number;
  readonly workspaceBytes: number;
}

/** Byte offsets of one worker's own buffers. */
export interface WorkerLayout {
  /** WORKER_COUNTER_BYTES of counters; see control.ts. */
  readonly counters: number;
  /** Gradient leaves and subtrees, each [P]. */
  readonly gradients: readonly number[];
  /** Uint32 [rows]: the dataset slots of the rows in work. */
  readonly order: number;
  /** [rows, inputStride] */
  readonly input: number;
  /** [rows, targets] */
  readonly targets: number;
  /** [rows] */
  readonly weights: number;
  /** Per layer: [rows, outputStride]. */
  readonly outputs: readonly number[];
  /** Per layer that keeps them: [rows, outputStride], f'(.) of its activation. */
  readonly slopes: readonly number[];
  /** Per layer that learns its blend: [rows, outputStride], f(h) - h. */
  readonly bends: readonly number[];
  /** Per layer that normalises: [rows, outputStride], its product less its mean, over its spread. */
  readonly normalised: readonly number[];
  /** Per layer that normalises: [rows], 1 / spread. */
  readonly inverseSpreads: readonly number[];
  /** Per hidden layer with dropout or a skip: [rows, outputStride], what the next layer gets in place of its output. */
  readonly passed: readonly number[];
  /** [rows, skipStride]: the gradient that goes around a layer. */
  readonly skipDelta: number;
  /** Two buffers of [rows, widest outputStride] for the backward pass. */
  readonly deltas: readonly [number, number];
  /** Learned scale times weight of the first layer, laid out like that. */
  readonly scaledWeight: number;
  /** The gradient of the block in work by it. */
  readonly scaledGradient: number;
  /** Int32 [rows, codes]: what is looked up; -1 is missing or unseen. */
  readonly codes: number;
  /** [rows, derivedStride]: gradient by the inputs that are made of others. */
  readonly derivedDelta: number;
  /** Gradient of an embedding by the rows in work, before it is added to that of others. */
  readonly embeddingGradient: number;
  readonly workspace: number;
}

/** Byte offsets of everything. */
export interface Layout {
  /** BARRIER_LINES lines, one per segment in flight; see control.ts. */
  readonly barriers: number;
  /** Float64 [S, 2]: sum of weighted losses, sum of weights. */
  readonly shardSums: number;
  /** Float64 [ceil(P / CHUNK), 2]: sum of squares of the gradient, and of the penalised parameters. */
  readonly chunkSums: number;
  /** Float64 [MAX_SEGMENT_STEPS]: loss before each step of the segment. */
  readonly losses: number;
  /** [P] */
  readonly parameters: number;
  /** Each [P]. */
  readonly slots: readonly number[];
  /** Float64 [P]: what a user's penalty adds to the gradient; empty where there is none. */
  readonly penaltyGradients: readonly number[];
  readonly workers: readonly WorkerLayout[];
  /** End of the last buffer. */
  readonly bytes: number;
  /** Pages to allocate: bytes rounded up. */
  readonly pages: number;
}

/**
 * Plans the memory of a run.
 *
 * @throws ParagradError `memory_plan_too_large` with the sizes that make it so, when the plan exceeds 4 GiB
 */
export function planLayout(request: LayoutRequest): Layout {
  let cursor = 0;
  const take = (bytes: number): number => {
    const base = cursor;
    cursor = Math.ceil((base + bytes) / LINE_BYTES) * LINE_BYTES + STAGGER_BYTES;
    return base;
  };
  const floats = (count: number): number => take(count * 4);
  const doubles = (count: number): number => take(count * 8);
  const { parameters, rows } = request;
  const widest = Math.max(...request.outputStrides);

  const layout: Layout = {
    barriers: take(BARRIER_LINES * LINE_BYTES),
    shardSums: doubles(2 * request.shards),
    chunkSums: doubles(2 * Math.ceil(parameters / CHUNK)),
    losses: doubles(MAX_SEGMENT_STEPS),
    parameters: floats(parameters),
    slots: Array.from({ length: request.slots }, () => floats(parameters)),
    penaltyGradients: Array.from({ length: request.penaltyGradients }, () => doubles(parameters)),
    workers: request.gradientBuffers.map((buffers) => ({
      counters: take(WORKER_COUNTER_BYTES),
      gradients: Array.from({ length: buffers }, () => floats(parameters)),
      order: floats(rows),
      input: floats(rows * request.inputStride),
      targets: floats(rows * request.targets),
      weights: floats(rows),
      outputs: request.outputStrides.map((stride) => floats(rows * stride)),
      slopes: request.slopeStrides.map((stride) => floats(rows * stride)),
      bends: request.bendStrides.map((stride) => floats(rows * stride)),
      normalised: request.normStrides.map((stride) => floats(rows * stride)),
      inverseSpreads: request.normStrides.map(() => floats(rows)),
      passed: request.passedStrides.map((stride) => floats(rows * stride)),
      skipDelta: floats(rows * request.skipStride),
      deltas: [floats(rows * widest), floats(rows * widest)],
      scaledWeight: floats(request.scaledWeights),
      scaledGradient: floats(request.scaledWeights),
      codes: floats(rows * request.codes),
      derivedDelta: floats(rows * request.derivedStride),
      embeddingGradient: floats(request.embedding),
      workspace: take(request.workspaceBytes),
    })),
    bytes: cursor,
    pages: 0,
  };
  if (cursor > MAX_MEMORY_BYTES) throw tooLarge(request, cursor);
  return deepFreeze({ ...layout, bytes: cursor, pages: Math.ceil(cursor / PAGE_BYTES) });
}

function tooLarge(request: LayoutRequest, bytes: number): ParagradError {
  const gigabytes = (count: number): string => `${(count / 0x4000_0000).toFixed(2)} GiB`;
  const buffers = request.gradientBuffers.reduce((sum, count) => sum + count, 0);
  return new ParagradError(
    'memory_plan_too_large',
    `this run needs ${gigabytes(bytes)} of working memory and at most 4 GiB can be addressed: ` +
      `${request.parameters} parameters x 4 bytes x (1 + ${request.slots} optimizer slots + ${buffers} gradient buffers ` +
      `over ${request.gradientBuffers.length} workers and ${request.shards} shards) = ` +
      `${gigabytes(4 * request.parameters * (1 + request.slots + buffers))}`,
    { hint: 'Use a smaller network, fewer --workers, fewer --shards or an optimizer with less state.' },
  );
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) deepFreeze(child);
  return Object.freeze(value);
}
