/**
 * Loads a table for training: survey, decide the encoding, split, fill, take statistics, standardise. The result holds the
 * training rows and then the validation rows, and depends on the rows, the options and the seed alone: not on the format,
 * its blocks, or who reads them.
 */
import { ParagradError } from '../errors.js';
import { type ColumnChoice, type Columns, chooseColumns, shellName, show } from './columns.js';
import type { Dataset } from './dataset.js';
import { findColumn } from './names.js';
import {
  type CategoryInput,
  IDENTITY,
  type NumberInput,
  type Preprocessing,
  rowLayout,
  type Scaling,
  type Standardisation,
  type Target,
  type TargetTask,
} from './preprocess.js';
import { createSlots, placeRows, type Split, splitRows } from './split.js';
import { allocate, fill, type LoadContext, standardise, statistics, survey } from './stages.js';
import { columnScales } from './standardise.js';
import { type Moments, shiftAndScale } from './statistics.js';
import { MOST_VALUES, type SurveyedRows } from './survey.js';
import type { Column, Table } from './table.js';
import { checkTarget, decideTarget, knownValues } from './target.js';

/** Rows from whose median the centre of a number column is taken. */
const CENTRE_ROWS = 4096;
/** Distinct values counted for a message, at most. */
const COUNTED_VALUES = 1_000_000;

export interface TrainingLoad extends ColumnChoice, LoadContext {
  readonly table: Table;
  /** The fraction of the rows to hold out (0: none), or a table of its own. */
  readonly validation: number | Table;
  /** Default: by the target's kind and values. */
  readonly task?: TargetTask | undefined;
  readonly scale: Scaling;
  readonly scaleTarget: Scaling;
  /** Leave out rows without a target, instead of refusing them. */
  readonly dropMissingTarget: boolean;
  readonly seed: number;
}

export interface TrainingData extends Split {
  /** Slots 0 .. trainRows are the training rows, the validation rows follow. */
  readonly dataset: Dataset;
  readonly preprocessing: Preprocessing;
  /** What the user should know, one line each. */
  readonly notes: readonly string[];
}

/**
 * @throws ParagradError for everything that is wrong with the table or the choice of columns, and when interrupted
 * @example
 * const data = await loadTraining({ table, target: 'price', validation: 0.2, scale: 'standard', scaleTarget: 'standard',
 *   dropMissingTarget: false, seed: 0, execute: executeInline });
 */
export async function loadTraining(load: TrainingLoad): Promise<TrainingData> {
  const { table, validation } = load;
  const columns = chooseColumns(table, load);
  const parts = { target: true, weight: columns.weight !== null };

  const rows = wholeTable(table);
  const categories = columns.categories.map(({ name }) => name);
  const found = await survey(table, { target: { name: columns.target.name, known: null }, categories }, rows, load);
  const { target, notes } = decideTarget(table, columns.target, found.target!, load.task);
  const dropped = checkTarget(table, target, found.target!, table.rows, load.dropMissingTarget);
  const raw: Preprocessing = {
    numbers: (await centres(table, columns.numbers, load.scale, load)).map((number) => ({ ...number, flagged: false })),
    categories: await categoryInputs(table, columns.categories, found.categories, load.signal),
    target: await centredTarget(table, target, load),
    weightColumn: columns.weight?.name ?? null,
  };

  const held = typeof validation === 'number' ? null : await surveyHeld(validation, columns, target, load);
  const split = shareOut(load, rows, held);
  const dataset = allocate(split.trainRows + split.validationRows, rowLayout(raw, parts), table.location);
  await fill(table, { dataset, preprocessing: raw, ...rows }, rows, load);
  if (held) await fill(held.table, { dataset, preprocessing: raw, ...held.rows }, held.rows, load);

  const preprocessing = await standardiseAll(dataset, split.trainRows, raw, load);
  return {
    ...split,
    dataset: { ...dataset, layout: rowLayout(preprocessing, parts) },
    preprocessing,
    notes: [...notes, ...dropped, ...(held?.notes ?? [])],
  };
}

function wholeTable(table: Table): SurveyedRows {
  return { rowStart: 0, rowEnd: table.rows, slots: createSlots(table.rows), firstRow: 0 };
}

/** A validation table of its own, with the rows marked that lack a target. */
interface HeldTable {
  readonly table: Table;
  readonly rows: SurveyedRows;
  readonly notes: readonly string[];
}

async function surveyHeld(table: Table, columns: Columns, target: Target, load: TrainingLoad): Promise<HeldTable> {
  const { target: targetColumn, weight, numbers, categories } = columns;
  for (const column of [targetColumn, ...(weight ? [weight] : []), ...numbers, ...categories]) {
    const own = findColumn(table, column.name, 'which the training table has');
    if (own.kind !== 'unsupported' && (own.kind === 'number') === (column.kind === 'number')) continue;
    throw new ParagradError(
      'wrong_kind',
      `column ${show(own)} of ${table.location} holds ${own.type}, but ${column.type} in the training table`,
    );
  }
  const rows = wholeTable(table);
  const request = { target: { name: target.name, known: knownValues(target) }, categories: [] };
  const found = await survey(table, request, rows, load);
  return { table, rows, notes: checkTarget(table, target, found.target!, table.rows, load.dropMissingTarget) };
}

/** Gives every kept row its slot. */
function shareOut({ table, validation, seed }: TrainingLoad, rows: SurveyedRows, held: HeldTable | null): Split {
  const slots = new Uint32Array(rows.slots);
  if (held) {
    const trainRows = placeRows(slots, 0);
    return { trainRows, validationRows: placeRows(new Uint32Array(held.rows.slots), trainRows) };
  }
  const fraction = validation as number;
  const split = splitRows(slots, fraction, seed);
  const empty = split.trainRows === 0 ? 'training' : split.validationRows === 0 && fraction > 0 ? 'validation' : null;
  if (empty === null) return split;
  throw new ParagradError(
    'empty_split',
    `holding out ${fraction} of the ${split.trainRows + split.validationRows} usable rows of ${table.location} leaves no row for ${empty}`,
    { hint: 'Give another --validation fraction, a file, or 0 to hold nothing out.' },
  );
}

async function categoryInputs(
  table: Table,
  columns: readonly Column[],
  values: readonly (readonly string[])[],
  signal: AbortSignal | undefined,
): Promise<CategoryInput[]> {
  for (const [i, column] of columns.entries()) {
    if (values[i].length <= MOST_VALUES) continue;
    const [all] = await table.distinct([column.name], COUNTED_VALUES, signal);
    const count = all.length > COUNTED_VALUES ? `more than ${COUNTED_VALUES}` : all.length;
    throw new ParagradError(
      'too_many_values',
      `column ${show(column)} of ${table.location} has ${count} distinct values, and a category takes at most ${MOST_VALUES}`,
      { hint: `Leave it out: --exclude ${shellName(column.name)}` },
    );
  }
  return columns.map(({ name }, i) => ({ name, values: values[i] }));
}

async function centredTarget(table: Table, target: Target, load: TrainingLoad): Promise<Target> {
  if (target.task !== 'regression') return target;
  const [{ centre }] = await centres(table, [target], load.scaleTarget, load);
  return { ...target, centre };
}

/** Each column's centre: the (lower) median of its finite values among the first rows of the file, as a float32. */
async function centres(
  table: Table,
  columns: readonly { readonly name: string }[],
  scaling: Scaling,
  { signal }: LoadContext,
): Promise<({ readonly name: string } & Standardisation)[]> {
  const names = columns.map(({ name }) => name);
  if (scaling === 'none' || names.length === 0) return names.map((name) => ({ name, ...IDENTITY }));
  const finite: number[][] = names.map(() => []);
  for await (const batch of table.read({ columns: names, rowEnd: Math.min(CENTRE_ROWS, table.rows), signal })) {
    for (const [i, column] of batch.columns.entries()) {
      if (column.kind !== 'number') continue;
      for (const value of column.values) if (Number.isFinite(value)) finite[i].push(value);
    }
  }
  return names.map((name, i) => ({ name, ...IDENTITY, centre: lowerMedian(finite[i]) }));
}

function lowerMedian(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const median = Math.fround(sorted.length === 0 ? 0 : sorted[(sorted.length - 1) >> 1]);
  return Number.isFinite(median) ? median : 0;
}

/** Statistics of the training rows, and all rows standardised by them. */
async function standardiseAll(
  dataset: Dataset,
  trainRows: number,
  raw: Preprocessing,
  load: TrainingLoad,
): Promise<Preprocessing> {
  const regression = raw.target.task === 'regression';
  const words = raw.numbers.map((_, i) => i);
  if (regression) words.push(raw.numbers.length + raw.categories.length);
  const moments = await statistics(dataset, trainRows, words, load);
  const numbers = raw.numbers.map(
    (number, i): NumberInput => ({
      ...number,
      ...scaled(moments[i], load.scale),
      flagged: moments[i].missing > 0,
    }),
  );
  const target =
    raw.target.task === 'regression'
      ? { ...raw.target, ...scaled(moments[moments.length - 1], load.scaleTarget) }
      : raw.target;
  const preprocessing = { ...raw, numbers, target };
  await standardise(dataset, columnScales(preprocessing, true), load);
  return preprocessing;
}

function scaled(moments: Moments, scaling: Scaling): { shift: number; scale: number } {
  return scaling === 'none' ? { shift: 0, scale: 1 } : shiftAndScale(moments);
}
