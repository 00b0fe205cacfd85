/**
 * Loads tables into datasets, for training and for a model that exists. What is loaded depends on the rows, the options and
 * the seed alone: not on the format, its blocks, or who reads them.
 */
import { countClasses } from './class-counts.js';
import { type ColumnChoice, checkColumns, chooseColumns } from './columns.js';
import type { Dataset, RowLayout } from './dataset.js';
import { decideEncoding } from './encoding.js';
import type { Fold } from './folds.js';
import { type HeldOut, holdOut } from './hold-out.js';
import { type MeasureOptions, measure, openSample } from './measure.js';
import { type Preprocessing, rowLayout } from './preprocess.js';
import { takeSample } from './sample.js';
import { emptyNotes } from './scales.js';
import { placeRows, type Split } from './split.js';
import { parseSplit, type SplitText } from './split-choice.js';
import { allocate, fill, type LoadContext, standardise, statistics, survey } from './stages.js';
import { columnScales } from './standardise.js';
import { rowRange, type SurveyedRows, type TargetSurvey } from './survey.js';
import type { Table } from './table.js';
import { checkTarget, knownValues } from './target.js';

export interface TrainingLoad extends ColumnChoice, MeasureOptions, LoadContext {
  readonly table: Table;
  /** The fraction of the rows to hold out (0: none), or a table of its own. */
  readonly validation: number | Table;
  /** How rows are held out; a text of split-choice.ts. Default random. */
  readonly split?: SplitText | undefined;
  /** In place of the fraction: one of several parts that share all rows among them. */
  readonly fold?: Fold | undefined;
  /** Count the training rows of each class. Default false. */
  readonly countClasses?: boolean | undefined;
}

/** What is decided of a table before any row is stored. */
export interface TrainingPlan extends Split {
  readonly table: Table;
  /** All its rows, with their slots: the training rows come first, in the order of the table. */
  readonly rows: SurveyedRows;
  /** The validation table, if it is one of its own. */
  readonly held: HeldTable | null;
  /** With shift 0, scale 1 and no flags. */
  readonly preprocessing: Preprocessing;
  readonly layout: RowLayout;
  /** Training rows of each class, where they were to be counted; else null. */
  readonly classCounts: readonly number[] | null;
  /** What the user should know, one line each. */
  readonly notes: readonly string[];
}

/**
 * Surveys a table for training, decides the encoding, and gives every row its slot.
 *
 * @throws ParagradError for everything that is wrong with the table or the choice of columns, and when interrupted
 */
export async function planTraining(load: TrainingLoad): Promise<TrainingPlan> {
  const { table, validation } = load;
  const choice = parseSplit(load.split ?? 'random');
  const columns = chooseColumns(table, { ...load, groupColumn: choice.by === 'group' ? choice.column : undefined });
  const rows = rowRange(0, table.rows);
  const { preprocessing, notes } = await decideEncoding(table, columns, rows, load, load);
  const held = typeof validation === 'number' ? null : await openHeld(validation, preprocessing, load);
  const split = held
    ? placeBoth(rows, held.rows)
    : await holdOut({ ...load, rows, target: preprocessing.target, split: choice, fraction: validation as number });
  const layout = rowLayout(preprocessing, partsOf(preprocessing));
  const { target } = preprocessing;
  const classCounts =
    load.countClasses && target.task !== 'regression'
      ? await countClasses(table, rows, target, split.trainRows, load.signal)
      : null;
  return {
    ...split,
    table,
    rows,
    held,
    preprocessing,
    layout,
    classCounts,
    notes: [...table.notes, ...notes, ...(held?.notes ?? []), ...split.notes],
  };
}

/** A row to train on holds the target, and the weight where there is one. */
export function partsOf({ weightColumn }: Preprocessing): { readonly target: boolean; readonly weight: boolean } {
  return { target: true, weight: weightColumn !== null };
}

export interface LoadedTraining extends Split {
  /** Slots 0 .. trainRows are the training rows, the validation rows follow. */
  readonly dataset: Dataset;
  readonly preprocessing: Preprocessing;
  /** What the user should know, one line each. */
  readonly notes: readonly string[];
}

/**
 * Loads a table for training into memory: plan, fill, take statistics, standardise. `rows`: the slot of each row of the table.
 *
 * @throws ParagradError for everything that is wrong with the table or the choice of columns, and when interrupted
 * @example
 * const loaded = await loadTraining({ table, target: 'price', validation: 0.2, scale: 'standard', scaleTarget: 'standard',
 *   dropMissingTarget: false, seed: 0, execute: executeInline });
 */
export async function loadTraining(
  load: TrainingLoad,
): Promise<LoadedTraining & Pick<TrainingPlan, 'rows' | 'classCounts'>> {
  const plan = await planTraining(load);
  const loaded = await loadPlanned(plan, load);
  const { rows, classCounts } = plan;
  return { ...loaded, rows, classCounts, notes: [...plan.notes, ...loaded.notes] };
}

/** Loads the rows of a plan into memory. The notes are those besides the plan's. */
export async function loadPlanned(plan: TrainingPlan, load: TrainingLoad): Promise<LoadedTraining> {
  const { table, rows, held, preprocessing: raw, layout, trainRows, validationRows } = plan;
  const dataset = allocate(trainRows + validationRows, layout, table.location);
  await fill(table, { dataset, preprocessing: raw, ...rows }, rows, load);
  if (held) await fill(held.table, { dataset, preprocessing: raw, ...held.rows }, held.rows, load);
  const moments = await statistics(dataset, trainRows, standardisedWords(raw), load);
  const notes = emptyNotes(table.location, raw, moments);
  const sample = openSample(trainRows, layout, load);
  if (sample) takeSample(sample, dataset, trainRows, 0);
  const preprocessing = await measure(raw, moments, trainRows, dataset, sample, load);
  await standardise(dataset, columnScales(preprocessing, true), load);
  const scaled = { ...dataset, layout: rowLayout(preprocessing, partsOf(preprocessing)) };
  return { trainRows, validationRows, dataset: scaled, preprocessing, notes };
}

/** Words of the row that are standardised. */
export function standardisedWords(preprocessing: Preprocessing): number[] {
  return columnScales(preprocessing, true).map(({ word }) => word);
}

export interface ModelLoad extends LoadContext {
  readonly table: Table;
  readonly preprocessing: Preprocessing;
  /** Whether the target is read too (to score), and the weights where the table has them. */
  readonly withTarget: boolean;
  /** First row, inclusive. Default 0. */
  readonly rowStart?: number;
  /** Last row, exclusive. Default: all. */
  readonly rowEnd?: number;
  /** Leave out rows without a usable target, instead of refusing them. Default false. */
  readonly dropMissingTarget?: boolean;
  /** `checkForModel` has looked at these rows, and at others beside them: what to refuse is settled. Default false. */
  readonly checked?: boolean;
}

/**
 * Loads rows of a raw table for a model that exists: by its preprocessing, whatever else the table holds. Columns may come
 * in any order and extra ones are ignored; missing values and unseen categories are allowed; a missing column is not.
 *
 * @returns the rows in the file's order, without those left out
 * @throws ParagradError `unknown_column`, `wrong_kind`, `target_missing`, `target_infinite`, `target_negative`, `infinite_value`,
 *   `value_out_of_range`, `bad_weight` or `interrupted`
 * @example
 * const dataset = await loadForModel({ table, preprocessing, withTarget: false, execute: executeInline });
 */
export async function loadForModel(load: ModelLoad): Promise<Dataset> {
  const { table, preprocessing, withTarget, rowStart = 0, rowEnd = table.rows } = load;
  const parts = partsFor(load);
  checkColumns(table, preprocessing, parts);
  const rows = rowRange(rowStart, rowEnd);
  const { checked = false, dropMissingTarget = false } = load;
  if (withTarget && checked && dropMissingTarget) await markMissing(table, preprocessing, rows, load);
  else if (withTarget && !checked) await surveyTarget(table, preprocessing, rows, dropMissingTarget, load);
  const kept = placeRows(new Uint32Array(rows.slots), 0);
  const dataset = allocate(kept, rowLayout(preprocessing, parts), table.location);
  await fill(table, { dataset, preprocessing, ...rows }, rows, load);
  await standardise(dataset, columnScales(preprocessing, withTarget), load);
  return dataset;
}

/** What `loadForModel` will make of rows. */
export interface CheckedRows {
  /** Rows that it will load: those that are not left out. */
  readonly rows: number;
  /** What the user should know, one line each. */
  readonly notes: readonly string[];
}

/** Looks for what `loadForModel` would refuse, as far as columns and targets tell: before a training, not after it. */
export async function checkForModel(load: ModelLoad): Promise<CheckedRows> {
  const { table, preprocessing, rowStart = 0, rowEnd = table.rows } = load;
  checkColumns(table, preprocessing, partsFor(load));
  if (!load.withTarget) return { rows: rowEnd - rowStart, notes: [] };
  return await surveyTarget(table, preprocessing, rowRange(rowStart, rowEnd), load.dropMissingTarget ?? false, load);
}

/** The target where it is asked for, and then the weights where the table has them. */
function partsFor({ table, preprocessing, withTarget }: ModelLoad): { target: boolean; weight: boolean } {
  const weight = withTarget && table.columns.some(({ name }) => name === preprocessing.weightColumn);
  return { target: withTarget, weight };
}

/** Marks the rows whose target the preprocessing has no use for (missing, or an unknown class), or refuses them. */
async function surveyTarget(
  table: Table,
  preprocessing: Preprocessing,
  rows: SurveyedRows,
  drop: boolean,
  context: LoadContext,
): Promise<CheckedRows> {
  const of = rows.rowEnd - rows.rowStart;
  const found = await markMissing(table, preprocessing, rows, context);
  const notes = checkTarget(table, preprocessing.target, found, of, drop);
  return { rows: of - found.missing.count, notes };
}

async function markMissing(
  table: Table,
  { target }: Preprocessing,
  rows: SurveyedRows,
  context: LoadContext,
): Promise<TargetSurvey> {
  const request = { target: { name: target.name, known: knownValues(target) }, categories: [], times: [] };
  return (await survey(table, request, rows, context)).target!;
}

/** A validation table of its own, with the rows marked that lack a target. */
interface HeldTable {
  readonly table: Table;
  readonly rows: SurveyedRows;
  readonly notes: readonly string[];
}

async function openHeld(table: Table, preprocessing: Preprocessing, load: TrainingLoad): Promise<HeldTable> {
  checkColumns(table, preprocessing, { target: true, weight: preprocessing.weightColumn !== null });
  const rows = rowRange(0, table.rows);
  const { notes } = await surveyTarget(table, preprocessing, rows, load.dropMissingTarget, load);
  return { table, rows, notes: [...table.notes, ...notes] };
}

function placeBoth(train: SurveyedRows, validation: SurveyedRows): HeldOut {
  const trainRows = placeRows(new Uint32Array(train.slots), 0);
  return { trainRows, validationRows: placeRows(new Uint32Array(validation.slots), trainRows), notes: [] };
}
