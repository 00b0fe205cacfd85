/**
 * Loads rows of a raw table for a model that exists: by its preprocessing, whatever else the table holds. Columns may come
 * in any order and extra ones are ignored; missing values and unseen categories are allowed; a missing column is not.
 */
import { checkColumns } from './columns.js';
import type { Dataset } from './dataset.js';
import { type Preprocessing, rowLayout } from './preprocess.js';
import { placeRows } from './split.js';
import { allocate, fill, type LoadContext, standardise, survey } from './stages.js';
import { columnScales } from './standardise.js';
import { rowRange, type SurveyedRows } from './survey.js';
import type { Table } from './table.js';
import { checkTarget, knownValues } from './target.js';

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
}

export interface ModelData {
  /** The rows that were kept, in the file's order. */
  readonly dataset: Dataset;
  /** What the user should know, one line each. */
  readonly notes: readonly string[];
}

/**
 * @throws ParagradError `unknown_column`, `wrong_kind`, `target_missing`, `target_infinite`, `infinite_value`,
 *   `value_out_of_range`, `bad_weight` or `interrupted`
 * @example
 * const { dataset } = await loadForModel({ table, preprocessing, withTarget: false, execute: executeInline });
 */
export async function loadForModel(load: ModelLoad): Promise<ModelData> {
  const { table, preprocessing, withTarget, rowStart = 0, rowEnd = table.rows } = load;
  const weight = withTarget && table.columns.some(({ name }) => name === preprocessing.weightColumn);
  const parts = { target: withTarget, weight };
  checkColumns(table, preprocessing, parts);
  const rows = rowRange(rowStart, rowEnd);
  const notes = withTarget ? await surveyTarget(table, preprocessing, rows, load.dropMissingTarget ?? false, load) : [];
  const kept = placeRows(new Uint32Array(rows.slots), 0);
  const dataset = allocate(kept, rowLayout(preprocessing, parts), table.location);
  await fill(table, { dataset, preprocessing, ...rows }, rows, load);
  await standardise(dataset, columnScales(preprocessing, withTarget), load);
  return { dataset, notes };
}

/**
 * Marks the rows whose target the preprocessing has no use for (missing, or an unknown class), or refuses them.
 *
 * @returns notes for the user
 */
export async function surveyTarget(
  table: Table,
  { target }: Preprocessing,
  rows: SurveyedRows,
  drop: boolean,
  context: LoadContext,
): Promise<string[]> {
  const request = { target: { name: target.name, known: knownValues(target) }, categories: [] };
  const found = await survey(table, request, rows, context);
  return checkTarget(table, target, found.target!, rows.rowEnd - rows.rowStart, drop);
}
