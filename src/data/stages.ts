/**
 * The stages of loading, each run by whoever can: tables decoded by the coordinator are read here, others are cut along
 * their blocks and given to `execute`, as are statistics and standardisation. What is little is done here at once, with the
 * threads perhaps still starting. How the work is cut decides no bit.
 */
import { ParagradError } from '../errors.js';
import type { KernelSource } from '../kernels/load.js';
import { show } from './columns.js';
import { allocateDataset, type Dataset, type RowLayout } from './dataset.js';
import type { FillPlan, Problem } from './fill.js';
import { checkInterrupt } from './interrupt.js';
import { cutPasses, type IndexRange } from './passes.js';
import type { Quartiles } from './quartiles.js';
import type { ColumnScale } from './standardise.js';
import { CHUNK_ROWS, joinMoments, type Moments } from './statistics.js';
import { joinSurveys, MOST_VALUES, type Survey, type SurveyedRows, type SurveyRequest, surveyRows } from './survey.js';
import type { Block, Table } from './table.js';
import { createTableFiller, type Execute, executeInline, type FoundInputs, type InputsTask } from './tasks.js';

export interface LoadProgress {
  readonly location: string;
  /** Rows read so far. */
  readonly rows: number;
  readonly of: number;
}

/** What all stages of a load share. */
export interface LoadContext {
  readonly execute: Execute;
  /** Compute some of it faster; no bit depends on them. */
  readonly kernelSource?: KernelSource | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** Parts that a stage is cut into, at most: enough to keep any number of workers busy to the end. */
const PARTS = 64;
/** Rows of a part that reads, at least (but for the blocks' own ends). */
const READ_ROWS = 16384;
/** float32 words of a dataset that one thread goes over in a few milliseconds. */
const SMALL_WORDS = 1 << 20;

/** Surveys rows of a table. */
export async function survey(
  table: Table,
  request: SurveyRequest,
  rows: SurveyedRows,
  { execute, signal, kernelSource }: LoadContext,
): Promise<Survey> {
  if (table.decodedBy === 'coordinator') return await surveyHere(table, request, rows, signal);
  const addon = kernelSource?.addon ?? null;
  if (isSmall(rows)) return await surveyRows(table, request, rows, { addon, signal });
  const { rowStart, rowEnd, slots, firstRow } = rows;
  const common = { source: table.source, request, slots, firstRow, addon };
  return joinSurveys(await execute('survey', common, readRanges(table, rowStart, rowEnd)));
}

/** Lets the table count and find distinct values (in SQL, say), and reads of target and times what that does not tell. */
async function surveyHere(
  table: Table,
  request: SurveyRequest,
  rows: SurveyedRows,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const { target, times } = request;
  const categories = await table.distinct(request.categories, MOST_VALUES, signal);
  const kind = target && table.columns.find(({ name }) => name === target.name)?.kind;
  if (target === null || target.known !== null) {
    return { ...(await surveyRows(table, { ...request, categories: [] }, rows, { signal })), categories };
  }
  if (kind === 'number') {
    const counts = await table.countNumbers(target.name, rows, signal);
    const read = await surveyRows(table, { target, categories: [], times: [] }, rows, { signal, counts });
    const spreads = await surveyRows(table, { target: null, categories: [], times }, rows, { signal });
    return { target: read.target, categories, times: spreads.times };
  }
  const [distinct] = await table.distinct([target.name], MOST_VALUES, signal);
  const known = { ...target, known: distinct };
  const read = await surveyRows(table, { target: known, categories: [], times }, rows, { signal });
  return { target: read.target && { ...read.target, distinct }, categories, times: read.times };
}

/**
 * Fills a dataset from rows rowStart .. rowEnd (exclusive) of a table.
 *
 * @throws ParagradError `infinite_value`, `value_out_of_range` or `bad_weight`
 */
export async function fill(
  table: Table,
  plan: FillPlan,
  { rowStart, rowEnd }: Block,
  { execute, signal, onProgress, kernelSource }: LoadContext,
): Promise<void> {
  const { location } = table;
  const withKernels = { ...plan, addon: kernelSource?.addon ?? null };
  const report = (rows: number) => onProgress?.({ location, rows, of: rowEnd - rowStart });
  let problems: readonly (Problem | null)[];
  if (table.decodedBy === 'coordinator' || isSmall({ rowStart, rowEnd })) {
    problems = [await fillHere(table, withKernels, { rowStart, rowEnd }, signal, report)];
  } else {
    const common = { source: table.source, plan: withKernels };
    problems = await execute('fill', common, readRanges(table, rowStart, rowEnd));
    report(rowEnd - rowStart);
  }
  // Ranges are in row order: the first problem found is the first in the file.
  const problem = problems.find((found) => found !== null);
  if (problem) throw problemError(table, problem);
  checkInterrupt(signal, location);
}

/** Fills rows here; gives the first problem. */
async function fillHere(
  table: Table,
  plan: FillPlan,
  { rowStart, rowEnd }: Block,
  signal: AbortSignal | undefined,
  report: (rows: number) => void,
): Promise<Problem | null> {
  const passes = cutPasses(table, plan.dataset.layout.stride);
  let first: Problem | null = null;
  for (const [pass, words] of passes.entries()) {
    const before = pass * (rowEnd - rowStart);
    const tell = (rows: number) => report(Math.floor((before + rows) / passes.length));
    const problem = await createTableFiller({ ...plan, words })(table, { rowStart, rowEnd }, signal, tell);
    if (problem !== null && (first === null || problem.row < first.row)) first = problem;
  }
  return first;
}

/** One line for a value that cannot be used. */
export function problemError(table: Table, { rule, column, row, value }: Problem): ParagradError {
  const file = table.files.find(({ rowStart, rowEnd }) => row >= rowStart && row < rowEnd)!;
  const where = `at row ${row - file.rowStart} of ${file.name} (rows are counted from 0)`;
  if (rule === 'weight') {
    const what = Number.isNaN(value) ? 'is missing' : `is ${value}`;
    return new ParagradError('bad_weight', `weight ${show({ name: column })} ${what} ${where}`, {
      hint: 'A weight is a finite number, 0 or more.',
    });
  }
  if (Number.isFinite(value)) {
    return new ParagradError(
      'value_out_of_range',
      `column ${show({ name: column })} holds ${value} ${where}, beyond what float32 can hold`,
      { hint: 'Rescale the column.' },
    );
  }
  return new ParagradError('infinite_value', `column ${show({ name: column })} holds ${value} ${where}`, {
    hint: 'Make infinite values missing, or leave the column out.',
  });
}

/** Moments of columns (words of the row) over the first `rows` rows. */
export async function statistics(
  dataset: Dataset,
  rows: number,
  columns: readonly number[],
  { execute, kernelSource }: LoadContext,
): Promise<Moments[]> {
  const addon = kernelSource?.addon ?? null;
  const common = { dataset, rows, columns, addon };
  return joinMoments(await executorFor(dataset, execute)('statistics', common, chunkRanges(rows)), columns.length);
}

/** Quartiles of the numbers over the first `rows` rows. */
export async function quartiles(
  dataset: Dataset,
  rows: number,
  numbers: number,
  { execute }: LoadContext,
): Promise<Quartiles[]> {
  return await execute('quartiles', { dataset, rows }, [...new Array(numbers).keys()]);
}

/** Bins and telling values of the numbers of a standardised sample. */
export async function findInputs(
  dataset: Dataset,
  numbers: number,
  classes: number,
  wanted: InputsTask['wanted'],
  { execute }: LoadContext,
): Promise<FoundInputs[]> {
  return await execute('inputs', { dataset, classes, wanted }, [...new Array(numbers).keys()]);
}

/** Standardises columns of all rows, in place. */
export async function standardise(
  dataset: Dataset,
  columns: readonly ColumnScale[],
  { execute, kernelSource }: LoadContext,
): Promise<void> {
  const addon = kernelSource?.addon ?? null;
  const parts = chunkRanges(dataset.rows).map(({ start, end }) => ({
    rowStart: start * CHUNK_ROWS,
    rowEnd: Math.min(dataset.rows, end * CHUNK_ROWS),
  }));
  await executorFor(dataset, execute)('standardise', { dataset, columns, addon }, parts);
}

/** Rows that are read before the threads would have begun. */
function isSmall({ rowStart, rowEnd }: Block): boolean {
  return rowEnd - rowStart <= READ_ROWS;
}

/** What runs the work on a dataset: threads, unless it is done before they would have begun. */
function executorFor({ rows, layout }: Dataset, execute: Execute): Execute {
  return rows * layout.stride <= SMALL_WORDS ? executeInline : execute;
}

/** Ranges of the chunks of so many rows. */
function chunkRanges(rows: number): IndexRange[] {
  const chunks = Math.ceil(rows / CHUNK_ROWS);
  const each = Math.max(1, Math.ceil(chunks / PARTS));
  return Array.from({ length: Math.ceil(chunks / each) }, (_, i) => ({
    start: i * each,
    end: Math.min(chunks, (i + 1) * each),
  }));
}

/** Cuts rows along the table's blocks, joining small ones. */
function readRanges(table: Table, rowStart: number, rowEnd: number): Block[] {
  const ranges: Block[] = [];
  let start = rowStart;
  for (const block of table.blocks) {
    const end = Math.min(rowEnd, block.rowEnd);
    if (end - start < READ_ROWS && end < rowEnd) continue;
    if (end > start) ranges.push({ rowStart: start, rowEnd: end });
    start = Math.max(start, end);
  }
  return ranges;
}

/** A dataset of zeros, or one line that says what it would have taken. */
export function allocate(rows: number, layout: RowLayout, location: string): Dataset {
  try {
    return allocateDataset(rows, layout);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const size = ((rows * layout.stride * 4) / (1 << 30)).toFixed(1);
    throw new ParagradError(
      'out_of_memory',
      `${location} takes ${size} GiB as float32 (${rows} rows of ${layout.stride} values), more than can be had`,
      { cause, hint: 'Leave columns out, or use fewer rows.' },
    );
  }
}
