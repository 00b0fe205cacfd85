/**
 * Decides how a table's columns are stored, before anything is: the task, the classes, the categories' values, and a centre
 * for every number. Statistics come later, from the stored training rows.
 */
import { ParagradError } from '../errors.js';
import { type Columns, shellName, show } from './columns.js';
import {
  type CategoryInput,
  IDENTITY,
  type Preprocessing,
  type Scaling,
  type Standardisation,
  type Target,
  type TargetTask,
} from './preprocess.js';
import { type LoadContext, survey } from './stages.js';
import { MOST_VALUES, type SurveyedRows } from './survey.js';
import type { Column, Table } from './table.js';
import { checkTarget, decideTarget } from './target.js';

/** Rows from whose median the centre of a number column is taken. */
const CENTRE_ROWS = 4096;
/** Distinct values counted for a message, at most. */
const COUNTED_VALUES = 1_000_000;

export interface EncodingOptions {
  /** Default: by the target's kind and values. */
  readonly task?: TargetTask | undefined;
  readonly scale: Scaling;
  readonly scaleTarget: Scaling;
  /** Leave out rows without a target, instead of refusing them. */
  readonly dropMissingTarget: boolean;
}

export interface Encoding {
  /** With shift 0, scale 1 and no flags. */
  readonly preprocessing: Preprocessing;
  /** What the user should know, one line each. */
  readonly notes: readonly string[];
}

/**
 * Surveys all rows of a training table, marking those without a target in the slots, and decides.
 *
 * @throws ParagradError for a target that cannot be predicted and a category with too many values
 */
export async function decideEncoding(
  table: Table,
  columns: Columns,
  rows: SurveyedRows,
  options: EncodingOptions,
  context: LoadContext,
): Promise<Encoding> {
  const request = {
    target: { name: columns.target.name, known: null },
    categories: columns.categories.map(({ name }) => name),
  };
  const found = await survey(table, request, rows, context);
  const decision = decideTarget(table, columns.target, found.target!, options.task);
  const dropped = checkTarget(table, decision.target, found.target!, table.rows, options.dropMissingTarget);
  const categories = await categoryInputs(table, columns.categories, found.categories, context.signal);
  const numbers = await centres(table, columns.numbers, options.scale, context.signal);
  const target = await centredTarget(table, decision.target, options.scaleTarget, context.signal);
  const preprocessing = {
    numbers: numbers.map((number) => ({ ...number, flagged: false })),
    categories,
    target,
    weightColumn: columns.weight?.name ?? null,
  };
  return { preprocessing, notes: [...decision.notes, ...dropped] };
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

async function centredTarget(
  table: Table,
  target: Target,
  scaling: Scaling,
  signal: AbortSignal | undefined,
): Promise<Target> {
  if (target.task !== 'regression') return target;
  const [{ centre }] = await centres(table, [target], scaling, signal);
  return { ...target, centre };
}

/** Each column with its centre: the (lower) median of the finite values among the first rows of the file, as a float32. */
async function centres(
  table: Table,
  columns: readonly { readonly name: string }[],
  scaling: Scaling,
  signal: AbortSignal | undefined,
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
