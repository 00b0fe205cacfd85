/**
 * The parts of loading that worker threads do: each task takes plain data over shared memory and gives plain data back.
 * What runs them is injected (`Execute`), so that loading is the same code in one thread, in many, and in a test.
 */
import type { AddonChoice } from '../kernels/native.js';
import { createTableKernels } from '../kernels/table.js';
import { binPlaces, binsAt } from './bins.js';
import type { Dataset } from './dataset.js';
import { columnsToFill, createFiller, type FillPlan, type Problem, valuesToFill } from './fill.js';
import { openSource } from './open.js';
import type { NumberInput } from './preprocess.js';
import { type Quartiles, quartilesOf } from './quartiles.js';
import { sortedByValue } from './sorted-number.js';
import { type ColumnScale, standardiseRows } from './standardise.js';
import { chunkMoments } from './statistics.js';
import { type StoreTask, storeStretch } from './stretches.js';
import { type Survey, type SurveyedRows, type SurveyRequest, surveyRows } from './survey.js';
import type { Table, TableSource } from './table.js';
import { tellingValues } from './values.js';

export interface SurveyTask {
  readonly source: TableSource;
  readonly request: SurveyRequest;
  readonly rows: SurveyedRows;
}

export interface FillTask {
  readonly source: TableSource;
  readonly plan: FillPlan;
  /** First row, inclusive. */
  readonly rowStart: number;
  /** Last row, exclusive. */
  readonly rowEnd: number;
}

/** Decodes rows of a file into a staging dataset, and writes that to the spool file. */
export interface SpoolTask {
  readonly fill: FillTask;
  readonly store: StoreTask;
}

/** What comes of a stretch: its chunks' moments, or why it cannot be used. */
export type SpooledStretch =
  | { readonly problem: Problem; readonly moments: null }
  | { readonly problem: null; readonly moments: Float64Array };

export interface StatisticsTask {
  readonly dataset: Dataset;
  /** The training rows: slots 0 .. rows. */
  readonly rows: number;
  /** Words of the row. */
  readonly columns: readonly number[];
  readonly chunkStart: number;
  /** Exclusive. */
  readonly chunkEnd: number;
  /** Where kernels for tables are from, if there are any. */
  readonly addon: AddonChoice | null;
}

export interface QuartilesTask {
  readonly dataset: Dataset;
  /** Slots 0 .. rows. */
  readonly rows: number;
  /** Word of the row. */
  readonly column: number;
}

/** What a number is given by besides itself, where the target asks for it. */
export type FoundInputs = Pick<NumberInput, 'bins' | 'values'>;

export interface InputsTask {
  /** A sample of the training rows, standardised. */
  readonly dataset: Dataset;
  /** Index of the number. */
  readonly number: number;
  /** Classes of the target; 0: it is a number. */
  readonly classes: number;
  /** What is asked for. */
  readonly wanted: { readonly bins: boolean; readonly values: boolean };
}

export interface StandardiseTask {
  readonly dataset: Dataset;
  readonly columns: readonly ColumnScale[];
  /** First row, inclusive. */
  readonly rowStart: number;
  /** Last row, exclusive. */
  readonly rowEnd: number;
  /** Where kernels for tables are from, if there are any. */
  readonly addon: AddonChoice | null;
}

/** Surveys rows of a file that workers decode. */
export async function surveyTask({ source, request, rows }: SurveyTask): Promise<Survey> {
  return await surveyRows(await threadTable(source), request, rows);
}

/** Decodes rows of a file into a dataset, up to the first problem. */
export async function fillTask({ source, plan, rowStart, rowEnd }: FillTask): Promise<Problem | null> {
  return await fillFrom(await threadTable(source), plan, rowStart, rowEnd);
}

/**
 * Fills rows rowStart .. rowEnd (exclusive) from a table.
 *
 * @param onRows called with the rows done so far, after each batch
 */
export async function fillFrom(
  table: Table,
  plan: FillPlan,
  rowStart: number,
  rowEnd: number,
  signal?: AbortSignal,
  onRows?: (rows: number) => void,
): Promise<Problem | null> {
  const fill = createFiller(plan);
  const request = { columns: columnsToFill(plan), values: valuesToFill(plan), rowStart, rowEnd, signal };
  for await (const batch of table.read(request)) {
    const end = batch.rowStart + batch.rows;
    const problem = fill(batch, batch.rowStart, end);
    if (problem !== null) return problem;
    onRows?.(end - rowStart);
  }
  return null;
}

/** Spools a stretch of a file that workers decode. */
export async function spoolTask({ fill, store }: SpoolTask): Promise<SpooledStretch> {
  const problem = await fillTask(fill);
  return problem === null ? storeTask(store) : { problem, moments: null };
}

/** Spools a stretch that is decoded already. */
export function storeTask(store: StoreTask): SpooledStretch {
  return { problem: null, moments: storeStretch(store) };
}

/** Moments of a range of chunks, for `joinMoments`. */
export function statisticsTask({ dataset, rows, columns, chunkStart, chunkEnd, addon }: StatisticsTask): Float64Array {
  const kernels = createTableKernels(addon, dataset.layout.stride);
  return chunkMoments(dataset, rows, columns, chunkStart, chunkEnd, kernels);
}

/** Quartiles of one column. */
export function quartilesTask({ dataset, rows, column }: QuartilesTask): Quartiles {
  return quartilesOf(dataset, rows, column);
}

/** Bins and telling values of one number. */
export function inputsTask({ dataset, number, classes, wanted }: InputsTask): FoundInputs {
  const sorted = sortedByValue(dataset, number);
  const places = binPlaces(sorted, dataset.layout.numbers, classes);
  const bins = wanted.bins ? binsAt(places, sorted) : null;
  const values = wanted.values ? tellingValues(sorted, places, classes) : null;
  return { ...(bins && { bins }), ...(values && { values }) };
}

/** Standardises a range of rows in place. */
export function standardiseTask({ dataset, columns, rowStart, rowEnd, addon }: StandardiseTask): void {
  standardiseRows(dataset, columns, rowStart, rowEnd, createTableKernels(addon, dataset.layout.stride));
}

/** The tasks by name. */
export const DATA_TASKS = {
  survey: surveyTask,
  fill: fillTask,
  spool: spoolTask,
  store: storeTask,
  statistics: statisticsTask,
  quartiles: quartilesTask,
  inputs: inputsTask,
  standardise: standardiseTask,
};

export type DataTask = keyof typeof DATA_TASKS;
export type TaskInput<K extends DataTask> = Parameters<(typeof DATA_TASKS)[K]>[0];
export type TaskOutput<K extends DataTask> = Awaited<ReturnType<(typeof DATA_TASKS)[K]>>;

/**
 * Runs one task on many payloads, in any order and by any threads, and gives the results in the payloads' order.
 * It rejects when a task does.
 */
export type Execute = <K extends DataTask>(task: K, payloads: readonly TaskInput<K>[]) => Promise<TaskOutput<K>[]>;

/** Runs the tasks here, one after another. */
export const executeInline: Execute = async (task, payloads) => {
  const run = DATA_TASKS[task] as (payload: unknown) => unknown;
  const results: unknown[] = [];
  for (const payload of payloads) results.push(await run(payload));
  return results as TaskOutput<typeof task>[];
};

/** Tables that this thread has opened for tasks: one is opened once a thread, not once a task. */
const opened = new Map<string, Promise<Table>>();

function threadTable(source: TableSource): Promise<Table> {
  const key = source.files.map(({ path, stamp }) => `${path}\0${stamp.modified}`).join('\0');
  let table = opened.get(key);
  if (table === undefined) {
    table = openSource(source);
    table.catch(() => opened.delete(key));
    opened.set(key, table);
  }
  return table;
}

/** Closes the files that this thread opened for tasks: for who ran them in a thread that goes on. A worker's end closes its own. */
export async function closeThreadTables(): Promise<void> {
  const tables = [...opened.values()];
  opened.clear();
  await Promise.allSettled(tables.map(async (table) => (await table).close()));
}
