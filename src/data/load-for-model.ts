/**
 * Loads rows of a raw table for a model that exists: by its preprocessing, whatever else the table holds. Columns may come
 * in any order and extra ones are ignored; missing values and unseen categories are allowed; a missing column is not.
 */
import { ParagradError } from '../errors.js';
import { show } from './columns.js';
import type { Dataset } from './dataset.js';
import { findColumn } from './names.js';
import { type Preprocessing, rowLayout } from './preprocess.js';
import { createSlots, placeRows } from './split.js';
import { allocate, fill, type LoadContext, standardise, survey } from './stages.js';
import { columnScales } from './standardise.js';
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
 */
export async function loadForModel(load: ModelLoad): Promise<ModelData> {
  const { table, preprocessing, withTarget, rowStart = 0, rowEnd = table.rows } = load;
  checkColumns(table, preprocessing, withTarget);
  const weighted = withTarget && table.columns.some(({ name }) => name === preprocessing.weightColumn);
  if (weighted) checkKind(table, preprocessing.weightColumn!, true);

  const rows = { rowStart, rowEnd, slots: createSlots(rowEnd - rowStart), firstRow: rowStart };
  let notes: string[] = [];
  if (withTarget) {
    const { target } = preprocessing;
    const request = { target: { name: target.name, known: knownValues(target) }, categories: [] };
    const found = await survey(table, request, rows, load);
    notes = checkTarget(table, target, found.target!, rowEnd - rowStart, load.dropMissingTarget ?? false);
  }
  const kept = placeRows(new Uint32Array(rows.slots), 0);
  const layout = rowLayout(preprocessing, { target: withTarget, weight: weighted });
  const dataset = allocate(kept, layout, table.location);
  await fill(table, { dataset, preprocessing, ...rows }, rows, load);
  await standardise(dataset, columnScales(preprocessing, withTarget), load);
  return { dataset, notes };
}

function checkColumns(table: Table, { numbers, categories, target }: Preprocessing, withTarget: boolean): void {
  for (const { name } of numbers) checkKind(table, name, true);
  for (const { name } of categories) checkKind(table, name, false);
  if (!withTarget) return;
  checkKind(table, target.name, target.task === 'regression' || target.type === 'number');
}

function checkKind(table: Table, name: string, number: boolean): void {
  const column = findColumn(table, name, 'which the model needs');
  if (column.kind !== 'unsupported' && (column.kind === 'number') === number) return;
  throw new ParagradError(
    'wrong_kind',
    `column ${show(column)} of ${table.location} holds ${column.type}, but the model was trained on ` +
      `${number ? 'numbers' : 'strings or booleans'} there`,
  );
}
