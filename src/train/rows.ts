/**
 * The rows of a run, or of a member of it: opens the tables, decides where the rows are kept, and reads them there. What comes
 * out is the input of the training and the preprocessing that goes with it; neither shows where the rows are.
 */
import { mostBins } from '../data/bins.js';
import { kindsOf } from '../data/columns.js';
import type { Fold } from '../data/folds.js';
import type { OpenOptions } from '../data/formats/format.js';
import { createMemoryInput, type TrainingInput } from '../data/input.js';
import { checkForModel, loadPlanned, planTraining, type TrainingLoad, type TrainingPlan } from '../data/load.js';
import { loadSpooled, storedBytes } from '../data/load-spooled.js';
import { sampleBytes } from '../data/measure.js';
import type { TableRequest } from '../data/open.js';
import { ORDER_SIZES, type OrderPlan, type OrderSizes, planOrder } from '../data/order.js';
import type { Preprocessing } from '../data/preprocess.js';
import { createRing, ringWindows } from '../data/ring.js';
import type { SampleSizes } from '../data/sample.js';
import type { Split } from '../data/split.js';
import { STRETCH_BYTES } from '../data/spool.js';
import { createSpoolFile } from '../data/spool-file.js';
import type { Table } from '../data/table.js';
import type { Execute } from '../data/tasks.js';
import { MOST_TELLING_VALUES } from '../data/values.js';
import type { KernelSource } from '../kernels/load.js';
import type { ResolvedConfig } from './config.js';
import type { ProgressEvent } from './events.js';
import { loadOptions } from './load-options.js';
import { lossConstantsOf } from './loss-constants.js';
import { memoryLimit, planStorage, type RowStorage } from './memory-plan.js';
import { tellReading } from './reading.js';
import { type SettledConfig, settleConfig } from './settle.js';
import { stepOptions, workingBytes } from './step-options.js';
import { lossForTask, outputsFor } from './task.js';

/** Other sizes than a run's own, for tests: what decides takes more data than a test has time for. */
export interface RowSizes {
  readonly order: OrderSizes;
  /** Where the rows are kept, whatever would fit. */
  readonly storage: RowStorage['kind'];
  readonly sample?: SampleSizes | undefined;
}

/** The tables of a run. */
export interface RunTables {
  readonly table: Table;
  /** A table of its own, or the fraction of the rows to hold out. */
  readonly validation: Table | number;
  /** Open and looked at, so that what is wrong with it is told before the training and not after it; read at the end. */
  readonly test: Table | null;
}

export interface RowsContext {
  /** With the seed of the member that reads. */
  readonly config: ResolvedConfig;
  readonly tables: RunTables;
  /** Whether nobody reads the tables after this, but for a companion. */
  readonly isLast: boolean;
  /** What is held out, in a cross-validation. */
  readonly fold?: Fold | undefined;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly emit: (event: ProgressEvent) => void;
  readonly execute: Execute;
  readonly kernels: KernelSource;
  /** Keeps something to be closed when the member, or the run and its threads, have ended. */
  readonly closeAtEnd: (resource: { close(): Promise<void> }) => void;
  /** Where a temporary file may be made. */
  readonly folder: string;
  readonly sizes?: RowSizes | undefined;
}

export interface RunRows extends Split, Pick<TrainingPlan, 'classCounts'> {
  /** With what follows from the table. */
  readonly config: SettledConfig;
  /** What the training table is called. */
  readonly location: string;
  readonly input: TrainingInput;
  readonly preprocessing: Preprocessing;
  /** Where the rows are. */
  readonly storage: RowStorage['kind'];
}

/**
 * Opens all tables of a run.
 *
 * @param open a table that is closed when the run ends, at the latest
 */
export async function openTables(
  config: ResolvedConfig,
  open: (request: TableRequest, kinds?: OpenOptions['kinds']) => Promise<Table>,
): Promise<RunTables> {
  const { format } = config;
  const table = await open(config);
  const named = (data: string) => open({ data, format }, kindsOf(table));
  const validation = typeof config.validation === 'string' ? await named(config.validation) : config.validation;
  return { table, validation, test: config.test === undefined ? null : await named(config.test) };
}

/**
 * Reads the training and validation rows.
 *
 * @throws ParagradError for what is wrong with a table or the choice of columns, `memory_limit`, `disk_full`, `interrupted`
 */
export async function readRows(context: RowsContext): Promise<RunRows> {
  const { config, tables, isLast, emit, execute, signal, kernels } = context;
  const { table, validation, test } = tables;
  const { dropMissingTarget } = config;
  const load: TrainingLoad = {
    ...loadOptions(config, table),
    table,
    validation,
    fold: context.fold,
    sampleSizes: context.sizes?.sample,
    kernelSource: kernels,
    execute,
    signal,
    onProgress: tellReading(emit),
  };
  const plan = await planTraining(load);
  const { preprocessing } = plan;
  const checked = test && { table: test, preprocessing, withTarget: true, dropMissingTarget, execute, signal };
  const notes = [...plan.notes, ...(checked ? (await checkForModel(checked)).notes : [])];
  const tell = (message: string) => emit({ type: 'warning', code: 'data', message });
  notes.forEach(tell);
  const settled = settleConfig(config, { ...plan, task: preprocessing.target.task });
  const order = planOrder(plan.trainRows, plan.layout.stride, context.sizes?.order ?? ORDER_SIZES);
  const storage = chooseStorage({ ...context, config: settled }, plan, load, order);
  const rows =
    storage.kind === 'memory'
      ? await readToMemory(plan, load, order)
      : await readToFile({ ...context, config: settled }, plan, load, order, storage);
  rows.notes.forEach(tell);
  // What they hold of memory is free for the training.
  if (isLast && settled.companion === 'none') await Promise.all([table.close(), plan.held?.table.close()]);
  const { location } = table;
  return {
    ...rows,
    config: settled,
    location,
    trainRows: plan.trainRows,
    validationRows: plan.validationRows,
    classCounts: plan.classCounts,
    storage: storage.kind,
  };
}

interface SettledContext extends RowsContext {
  readonly config: SettledConfig;
}

function chooseStorage(
  { config, threads, sizes }: SettledContext,
  plan: TrainingPlan,
  load: TrainingLoad,
  order: OrderPlan,
): RowStorage {
  const { table, held, layout, preprocessing, trainRows, validationRows } = plan;
  // At most: what is flagged as missing, how many bins and values there are, is known only when all rows have been read.
  const inputs =
    layout.inputs + layout.numbers * (config.encode.includes('piecewise') ? 1 + mostBins(layout.numbers) : 1);
  const values = config.encode.includes('values') ? new Array<number>(layout.numbers).fill(MOST_TELLING_VALUES) : [];
  const embedded = [...layout.embedded, ...values];
  const { target } = preprocessing;
  const loss = lossForTask(target.task, config.loss);
  const outputs = outputsFor(loss, lossConstantsOf(config), target);
  const options = stepOptions(config, { ...layout, inputs, embedded }, { loss, outputs }, trainRows);
  const { batchSize } = options;
  if (sizes?.storage === 'memory') return { kind: 'memory' };
  if (sizes?.storage === 'file') {
    const staging = { stagings: threads + 1, stretchBytes: STRETCH_BYTES };
    return { kind: 'file', windows: ringWindows(order, batchSize), staging };
  }
  return planStorage({
    limit: memoryLimit(config.memoryLimit),
    tableRows: table.rows + (held?.table.rows ?? 0),
    trainRows,
    validationRows,
    stride: layout.stride,
    sampleBytes: sampleBytes(trainRows, layout, load),
    order,
    batchSize,
    workingBytes: workingBytes(options, threads),
    threads,
  });
}

interface ReadRows extends Pick<RunRows, 'input' | 'preprocessing'> {
  /** What has come to light by reading. */
  readonly notes: readonly string[];
}

async function readToMemory(plan: TrainingPlan, load: TrainingLoad, order: OrderPlan): Promise<ReadRows> {
  const { dataset, preprocessing, notes } = await loadPlanned(plan, load);
  return { preprocessing, notes, input: createMemoryInput(dataset, order, load.seed) };
}

async function readToFile(
  { config, folder, closeAtEnd }: SettledContext,
  plan: TrainingPlan,
  load: TrainingLoad,
  order: OrderPlan,
  { windows, staging }: RowStorage & { kind: 'file' },
): Promise<ReadRows> {
  const file = await createSpoolFile(folder, storedBytes(plan), plan.table.location);
  closeAtEnd(file);
  const spooled = await loadSpooled(plan, load, file, staging);
  const input = createRing(spooled, order, load.seed, windows, config.epochs);
  closeAtEnd(input);
  return { preprocessing: spooled.preprocessing, notes: spooled.notes, input };
}
