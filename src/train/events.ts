/**
 * What a training run tells while it goes on. Each event is plain data and is printed by `--json` as one line, as it is.
 * Rates are per second of wall-clock time; losses are in the network's units, metrics in the units of the table.
 */
import type { Finding } from '../check/finding.js';
import type { LayerNorms } from '../check/monitors.js';
import type { KernelName } from '../kernels/kernels.js';
import type { Task } from '../nn/losses/loss.js';
import type { NetworkSpec } from '../nn/network.js';
import type { OptimizerName } from '../nn/optimizers/index.js';
import type { Metrics } from './metrics.js';
import type { SettledConfig } from './settle.js';

/** Everything that was decided before the first step. */
export interface StartEvent {
  readonly type: 'start';
  readonly data: string;
  /**
   * Rows that train and rows held out; rows dropped for a missing target are in neither. They are kept in memory, or in a
   * temporary file where --memory-limit has no room for them.
   */
  readonly rows: { readonly train: number; readonly validation: number; readonly keptIn: 'memory' | 'file' };
  readonly target: string;
  readonly task: Task;
  /** Number of classes, in their order, for a classification. */
  readonly classes?: readonly (string | number | boolean)[];
  /** Names of the network's inputs, one for each of sizes[0]. */
  readonly inputs: readonly string[];
  readonly network: NetworkSpec & { readonly parameters: number };
  /** Networks that are trained one after the other, and averaged; what is said here of one holds for each. */
  readonly members: number;
  /** Of a cross-validation: how many; rows and steps are those of the first. */
  readonly folds?: number;
  /** A name, or the path of a module. */
  readonly loss: string;
  readonly optimizer: OptimizerName;
  /** Rows of a full batch (`full` resolved), and the most steps that will be taken. */
  readonly batchSize: number;
  readonly epochs: number;
  readonly steps: number;
  readonly kernels: { readonly name: KernelName; readonly reason: string };
  readonly workers: { readonly count: number; readonly reason: string };
  readonly shards: number;
  readonly runDir: string;
  /** Every option with its value, as config.json has it. */
  readonly config: SettledConfig;
}

/** A table is being read, at most twice a second; nothing is told of one that is soon read. */
export interface ReadingEvent {
  readonly type: 'reading';
  /** What the table is called. */
  readonly data: string;
  /** Read so far. */
  readonly rows: number;
  /** Of all rows of the table, above 0 and at most 1. */
  readonly share: number;
}

/** Progress, at most a few times a second, and always after the last step. */
export interface StepEvent {
  readonly type: 'step';
  /** Of a cross-validation: in which fold, counted from 1. */
  readonly fold?: number;
  /** Of an ensemble: whose step, counted from 1. Steps and epochs start again with each. */
  readonly member?: number;
  /** Of the network that is trained beside the member, and mixed with it. */
  readonly companion?: true;
  /** Counted from 1. */
  readonly epoch: number;
  /** Optimizer steps taken since the start of the run. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of the batch of this step, before the update: data loss plus penalty. */
  readonly loss: number;
  readonly rowsPerSecond: number;
  /** Seconds to the end of the run, by the pace so far. */
  readonly eta: number;
}

export interface EpochEvent {
  readonly type: 'epoch';
  /** Of a cross-validation: in which fold, counted from 1. */
  readonly fold?: number;
  /** Of an ensemble: whose epoch, counted from 1. */
  readonly member?: number;
  /** Of the network that is trained beside the member, and mixed with it. */
  readonly companion?: true;
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Optimizer steps taken since the start of the run. */
  readonly step: number;
  /** Mean over the epoch of the loss of its batches (of their sums, with reduction sum), weighted by their rows. */
  readonly trainLoss: number;
  /** Absent where no rows are held out. */
  readonly validation?: { readonly loss: number; readonly metrics: Metrics };
  /** Of this epoch, scoring included. */
  readonly seconds: number;
  /** The weights of each layer at the last step, for epochs 1, 2, 4, 8 …; absent otherwise, and where nobody watches. */
  readonly layers?: readonly LayerNorms[];
}

/** Something to know that does not stop the run. */
export interface WarningEvent {
  readonly type: 'warning';
  /** Stable, snake_case. */
  readonly code: string;
  readonly message: string;
}

/** Something is wrong, or will be. */
export interface FindingEvent extends Finding {
  readonly type: 'finding';
  /** Optimizer steps taken when it was found; absent before the first. */
  readonly step?: number;
}

/** Seconds spent in each part of a step: the mean over the workers of the sum over the steps. */
export interface StepSeconds {
  readonly gather: number;
  readonly forward: number;
  readonly backward: number;
  readonly reduce: number;
  readonly update: number;
  /** At barriers. */
  readonly wait: number;
  /** Between segments, for rows to be read from the disk. */
  readonly input: number;
}

export interface Throughput {
  readonly rowsPerSecond: number;
  readonly stepsPerSecond: number;
  readonly seconds: StepSeconds;
}

/** What came of one network. */
export interface MemberResult {
  readonly seed: number;
  /** The epoch whose weights were kept, counted from 1. */
  readonly epoch: number;
  /** Divides the logits of a classification. */
  readonly temperature: number;
  /** What it counts in the average, relative to the others. */
  readonly share: number;
  /** Null where no rows were held out. */
  readonly validation: Metrics | null;
}

/** Bytes. */
export interface MemoryUse {
  /** Of the whole process at its largest, Node and everything that ran in it before included. */
  readonly peak: number;
  /** Of the shared memory that the steps work in: weights, optimizer state, gradients, the workers' buffers. */
  readonly steps: number;
  /** Of the rows that were in memory at once. */
  readonly rows: number;
}

/** The run is over and its model is written. */
export interface DoneEvent {
  readonly type: 'done';
  readonly runDir: string;
  /** Path of model.safetensors. */
  readonly model: string;
  /** Of the data section of the model file, in lower-case hexadecimal digits. */
  readonly weightsSha256: string;
  /** Taken in all, by all members. */
  readonly steps: number;
  /** The epoch whose weights were kept, counted from 1; of an ensemble, of its first member. */
  readonly epoch: number;
  /** Validation: of an ensemble the mean of its members' scores, each on the rows that it held out. Test: of the whole model. */
  readonly metrics: { readonly validation?: Metrics; readonly test?: Metrics };
  readonly members: readonly MemberResult[];
  readonly throughput: Throughput;
  readonly memory: MemoryUse;
  readonly kernels: KernelName;
  readonly workers: number;
  readonly shards: number;
  /** Wall-clock time of the whole run, reading included. */
  readonly seconds: number;
}

/** What came of a fold. */
export interface FoldResult {
  readonly rows: { readonly train: number; readonly validation: number };
  /** Of each member the epoch whose weights were scored, counted from 1. */
  readonly epochs: readonly number[];
  /** Of the fold's rows. */
  readonly validation: Metrics;
}

/** A cross-validation is over. */
export interface CrossValidationDone {
  readonly type: 'done';
  readonly runDir: string;
  readonly folds: readonly FoldResult[];
  /** Means over the folds. */
  readonly metrics: { readonly validation: Metrics };
  /** Standard deviations over the folds, with one less than their number for a divisor. */
  readonly deviation: { readonly validation: Metrics };
  readonly seconds: number;
}

export type CrossValidationEvent = ProgressEvent | CrossValidationDone;

/** The last line of `--json` when a command failed. The library throws the ParagradError instead. */
export interface ErrorEvent {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What is told before the end. */
export type ProgressEvent = ReadingEvent | StartEvent | StepEvent | EpochEvent | WarningEvent | FindingEvent;

export type TrainEvent = ProgressEvent | DoneEvent;

/** A cross-validation in progress, as a `TrainingRun` is. */
export interface CrossValidationRun extends AsyncIterable<CrossValidationEvent> {
  readonly result: Promise<CrossValidationDone>;
}

/**
 * A run in progress. Iterating gives its events as they happen, `done` last; a failure is thrown. Leaving the loop early
 * stops the run. `result` settles with or without iteration.
 *
 * @example
 * for await (const event of train({ data: 'houses.parquet', target: 'price' })) {
 *   if (event.type === 'epoch') console.log(event.epoch, event.validation?.metrics);
 * }
 */
export interface TrainingRun extends AsyncIterable<TrainEvent> {
  readonly result: Promise<DoneEvent>;
}
