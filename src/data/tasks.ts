/**
 * The parts of loading that worker threads do: each takes plain data over shared memory and gives plain data back.
 * What runs them is injected (`Execute`), so that loading is the same code in one thread, in many, and in a test.
 */
import type { AddonChoice } from '../kernels/native.js';
import { createTableKernels } from '../kernels/table.js';
import { binPlaces, binsAt } from './bins.js';
import type { Dataset } from './dataset.js';
import { columnsToFill, createFiller, type FillPlan, type Problem, valuesToFill } from './fill.js';
import { openSource } from './open.js';
import type { IndexRange } from './passes.js';
import type { NumberInput } from './preprocess.js';
import { type Quartiles, quartilesOf } from './quartiles.js';
import { sortedByValue } from './sorted-number.js';
import { type ColumnScale, standardiseRows } from './standardise.js';
import { chunkMoments } from './statistics.js';
import { type StoreTask, storeStretch } from './stretches.js';
import { type Survey, type SurveyRequest, surveyRows } from './survey.js';
import type { Block, Table, TableSource } from './table.js';
import { tellingValues } from './values.js';

export interface SurveyTask {
  readonly source: TableSource;
  readonly request: SurveyRequest;
  readonly slots: SharedArrayBuffer;
  /** The row of the file that slots[0] stands for. */
  readonly firstRow: number;
  /** Where kernels that decode are from, if there are any. */
  readonly addon: AddonChoice | null;
}

export interface FillTask {
  readonly source: TableSource;
  readonly plan: FillPlan;
}

/** Decodes rows of a file into a staging dataset, and writes that to the spool file. */
export interface SpoolTask {
  readonly fill: FillTask;
  readonly rows: Block;
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
  /** Where kernels for tables are from, if there are any. */
  readonly addon: AddonChoice | null;
}

export interface QuartilesTask {
  readonly dataset: Dataset;
  /** Slots 0 .. rows. */
  readonly rows: number;
}

/** What a number is given by besides itself, where the target asks for it. */
export type FoundInputs = Pick<NumberInput, 'bins' | 'values'>;

export interface InputsTask {
  /** A sample of the training rows, standardised. */
  readonly dataset: Dataset;
  /** Classes of the target; 0: it is a number. */
  readonly classes: number;
  /** What is asked for. */
  readonly wanted: { readonly bins: boolean; readonly values: boolean };
}

export interface StandardiseTask {
  readonly dataset: Dataset;
  readonly columns: readonly ColumnScale[];
  /** Where kernels for tables are from, if there are any. */
  readonly addon: AddonChoice | null;
}

/** Surveys rows of a file that workers decode. */
function surveyTask({ source, request, slots, firstRow, addon }: SurveyTask) {
  return async (rows: Block): Promise<Survey> =>
    surveyRows(await threadTable(source), request, { ...rows, slots, firstRow }, { addon });
}

/** Decodes rows of a file into a dataset, up to the first problem. */
function fillTask({ source, plan }: FillTask) {
  const fill = createTableFiller(plan);
  return async (rows: Block): Promise<Problem | null> => fill(await threadTable(source), rows);
}

/** Rows of a table to write; `onRows` is called with the rows done so far, after each batch. */
export type FillTable = (
  table: Table,
  rows: Block,
  signal?: AbortSignal,
  onRows?: (rows: number) => void,
) => Promise<Problem | null>;

/** A function that fills rows from a table, up to the first problem. */
export function createTableFiller(plan: FillPlan): FillTable {
  const fill = createFiller(plan);
  const asked = { columns: columnsToFill(plan), values: valuesToFill(plan), addon: plan.addon ?? null };
  return async (table, { rowStart, rowEnd }, signal, onRows) => {
    for await (const batch of table.read({ ...asked, rowStart, rowEnd, signal })) {
      const end = batch.rowStart + batch.rows;
      const problem = fill(batch, batch.rowStart, end);
      if (problem !== null) return problem;
      onRows?.(end - rowStart);
    }
    return null;
  };
}

/** Spools stretches of a file that workers decode; each has a dataset of its own, and so nothing in common. */
function spoolTask(_: null) {
  return async ({ fill, rows, store }: SpoolTask): Promise<SpooledStretch> => {
    const problem = await fillTask(fill)(rows);
    return problem === null ? storeTask(null)(store) : { problem, moments: null };
  };
}

/** Spools stretches that are decoded already. */
function storeTask(_: null) {
  return (store: StoreTask): SpooledStretch => ({ problem: null, moments: storeStretch(store) });
}

/** Moments of a range of chunks, for `joinMoments`. */
function statisticsTask({ dataset, rows, columns, addon }: StatisticsTask) {
  const kernels = createTableKernels(addon, dataset.layout.stride);
  return ({ start, end }: IndexRange): Float64Array => chunkMoments(dataset, rows, columns, start, end, kernels);
}

/** Quartiles of one column, by its word of the row. */
function quartilesTask({ dataset, rows }: QuartilesTask) {
  return (column: number): Quartiles => quartilesOf(dataset, rows, column);
}

/** Bins and telling values of one number, by its index. */
function inputsTask({ dataset, classes, wanted }: InputsTask) {
  return (number: number): FoundInputs => {
    const sorted = sortedByValue(dataset, number);
    const places = binPlaces(sorted, dataset.layout.numbers, classes);
    const bins = wanted.bins ? binsAt(places, sorted) : null;
    const values = wanted.values ? tellingValues(sorted, places, classes) : null;
    return { ...(bins && { bins }), ...(values && { values }) };
  };
}

/** Standardises a range of rows in place. */
function standardiseTask({ dataset, columns, addon }: StandardiseTask) {
  const kernels = createTableKernels(addon, dataset.layout.stride);
  return ({ rowStart, rowEnd }: Block): void => standardiseRows(dataset, columns, rowStart, rowEnd, kernels);
}

/** The tasks by name: each takes what all its parts have in common, and gives the work on a part. */
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
export type TaskCommon<K extends DataTask> = Parameters<(typeof DATA_TASKS)[K]>[0];
export type TaskPart<K extends DataTask> = Parameters<ReturnType<(typeof DATA_TASKS)[K]>>[0];
export type TaskOutput<K extends DataTask> = Awaited<ReturnType<ReturnType<(typeof DATA_TASKS)[K]>>>;

/**
 * Runs the parts of one task, in any order and by any threads, and gives the results in the parts' order.
 * It rejects when a part does.
 */
export type Execute = <K extends DataTask>(
  task: K,
  common: TaskCommon<K>,
  parts: readonly TaskPart<K>[],
) => Promise<TaskOutput<K>[]>;

/** Runs the parts here, one after another. */
export const executeInline: Execute = async <K extends DataTask>(
  task: K,
  common: TaskCommon<K>,
  parts: readonly TaskPart<K>[],
) => {
  const run = openTask(task, common);
  const results: TaskOutput<K>[] = [];
  for (const part of parts) results.push(await run(part));
  return results;
};

function openTask<K extends DataTask>(task: K, common: TaskCommon<K>) {
  const open = DATA_TASKS[task] as (common: unknown) => (part: unknown) => Promise<TaskOutput<K>> | TaskOutput<K>;
  return open(common);
}

/** What each thread gets of a task: it takes the next part that nobody has taken yet, until there is none left. */
export interface Share<K extends DataTask = DataTask> {
  readonly task: K;
  readonly common: TaskCommon<K>;
  readonly parts: readonly TaskPart<K>[];
  /** One 32-bit word: the next part. */
  readonly next: SharedArrayBuffer;
}

/** Runs parts of a task that others run too; gives the results with their parts' indices. */
export async function runShare<K extends DataTask>(share: Share<K>): Promise<[number, TaskOutput<K>][]> {
  const { task, common, parts } = share;
  const next = new Int32Array(share.next);
  const run = openTask(task, common);
  const results: [number, TaskOutput<K>][] = [];
  try {
    for (let i = Atomics.add(next, 0, 1); i < parts.length; i = Atomics.add(next, 0, 1)) {
      results.push([i, await run(parts[i])]);
    }
  } catch (error) {
    Atomics.store(next, 0, parts.length); // what the others would find out is of no use
    throw error;
  }
  return results;
}

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
