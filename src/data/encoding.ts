/**
 * Decides how a table's columns are stored, before anything is: the task, the classes, the categories' values, the parts of
 * times, and a centre for every number. Statistics come later, from the stored training rows.
 */
import { ParagradError } from '../errors.js';
import { type Columns, show } from './columns.js';
import { encodeCategories } from './encode-categories.js';
import { cutPasses } from './passes.js';
import {
  IDENTITY,
  type InputEncoding,
  type NumberInput,
  type Preprocessing,
  type Scaling,
  type TargetScaling,
  type TargetTask,
} from './preprocess.js';
import { select } from './select.js';
import { type LoadContext, survey } from './stages.js';
import type { SurveyedRows } from './survey.js';
import type { Column, Table } from './table.js';
import { checkTarget, decideTarget, refuseNegative } from './target.js';
import { PARTS_OF_CLOCK, partsOfTime, type TimePart, type TimeSpread, takePart } from './times.js';

/** Rows from whose median the centre of a number column is taken. */
const CENTRE_ROWS = 4096;
export interface EncodingOptions {
  /** Default: by the target's kind and values. */
  readonly task?: TargetTask | undefined;
  readonly scale: Scaling;
  readonly scaleTarget: TargetScaling;
  /** Default: none. */
  readonly encode?: readonly InputEncoding[] | undefined;
  /** Keep predictions of a regression within the range of its training rows. Default false. */
  readonly clampTarget?: boolean | undefined;
  /** Refuse a target that is negative somewhere. Default false. */
  readonly targetIsCount?: boolean | undefined;
  /** Leave out rows without a target, instead of refusing them. */
  readonly dropMissingTarget: boolean;
  /** Columns that were asked for by name: none of them is left out as an identifier. */
  readonly features?: readonly string[] | undefined;
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
 * @throws ParagradError for a target that cannot be predicted, and where no column is left to predict it from
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
    times: columns.times.filter(({ kind }) => kind === 'time').map(({ name }) => name),
  };
  const found = await survey(table, request, rows, context);
  const decision = decideTarget(table, columns.target, found.target!, options.task);
  if (options.targetIsCount) refuseNegative(table, decision.target, found.target!);
  const dropped = checkTarget(table, decision.target, found.target!, table.rows, options.dropMissingTarget);
  const categories = await encodeCategories(
    table,
    columns.categories,
    found.categories,
    options.features,
    options.encode ?? [],
    context,
  );
  const times = timeInputs(table, columns.times, found.times);
  const numbers = [...columns.numbers.map(({ name }) => ({ name })), ...times.inputs];
  if (numbers.length + categories.inputs.length === 0) {
    throw new ParagradError(
      'no_features',
      `${table.location} has no column left to predict ${show(columns.target)} from`,
      {
        hint: `${categories.notes.join('. ')}.`,
      },
    );
  }
  const { target } = decision;
  const centresInputs = options.scale !== 'none';
  const centresTarget = options.scaleTarget !== 'none' && target.task === 'regression';
  const toCentre = [...(centresInputs ? numbers.filter(hasCentre) : []), ...(centresTarget ? [target] : [])];
  const medians = await mediansOf(
    table,
    toCentre.map(({ name }) => name),
    context.signal,
  );
  const inputs = numbers.map(named);
  const preprocessing = {
    numbers: centresInputs ? inputs.map((input) => centredAt(input, medians)) : inputs,
    categories: categories.inputs,
    target: centresTarget ? centredAt(target, medians) : target,
    weightColumn: columns.weight?.name ?? null,
  };
  return { preprocessing, notes: [...decision.notes, ...dropped, ...times.notes, ...categories.notes] };
}

/** What becomes of each time, and a note that says so. */
function timeInputs(
  { location }: Table,
  columns: readonly Column[],
  spreads: readonly TimeSpread[],
): { readonly inputs: readonly UncentredNumber[]; readonly notes: readonly string[] } {
  let surveyed = 0;
  const found = columns.map(({ name, kind }) => ({
    name,
    parts: kind === 'time' ? partsOfTime(spreads[surveyed++]) : PARTS_OF_CLOCK,
  }));
  return {
    inputs: found.flatMap(({ name, parts }) => parts.map((part) => ({ name, part }))),
    notes: found.map(({ name, parts }) => `column ${show({ name })} of ${location} is read as ${listParts(parts)}`),
  };
}

function listParts(parts: readonly TimePart[]): string {
  const cycles = ['day', 'week', 'year'].filter((cycle) => parts.some((part) => part === `sin ${cycle}`));
  const named = [
    ...(parts.includes('days') ? ['days'] : []),
    ...cycles.map((cycle) => `time of ${cycle} (sine and cosine)`),
  ];
  return named.join(', ');
}

/** An input of which only the column, and what of it, is known. */
type UncentredNumber = Pick<NumberInput, 'name' | 'part'>;

/** A place in a cycle is between -1 and 1: it needs no centre. */
function hasCentre({ part }: UncentredNumber): boolean {
  return part === undefined || part === 'days';
}

function named({ name, part }: UncentredNumber): NumberInput {
  return { name, ...(part && { part }), ...IDENTITY, flagged: false };
}

/** With its centre: the (lower) median of the finite values among the first rows of the file, as a float32. */
function centredAt<T extends UncentredNumber>(input: T, medians: ReadonlyMap<string, number>): T {
  if (!hasCentre(input)) return input;
  const median = medians.get(input.name)!;
  const centre = Math.fround(input.part === undefined ? median : takePart(input.part)(median));
  return { ...input, centre: Number.isFinite(centre) ? centre : 0 };
}

/** The medians of number columns over the first rows of the table. */
async function mediansOf(
  table: Table,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const columns = [...new Set(names)];
  const medians = new Map<string, number>();
  if (columns.length === 0) return medians;
  for (const { start, end } of cutPasses(table, columns.length)) {
    const some = columns.slice(start, end);
    const finite = some.map(() => new Float64Array(CENTRE_ROWS));
    const counts = some.map(() => 0);
    for await (const batch of table.read({ columns: some, rowEnd: Math.min(CENTRE_ROWS, table.rows), signal })) {
      for (const [i, column] of batch.columns.entries()) {
        if (column.kind !== 'number') continue;
        for (const value of column.values) if (Number.isFinite(value)) finite[i][counts[i]++] = value;
      }
    }
    for (const [i, name] of some.entries()) medians.set(name, lowerMedian(finite[i].subarray(0, counts[i])));
  }
  return medians;
}

/** Of values that are put in another order; 0 where there is none. */
function lowerMedian(values: Float64Array): number {
  if (values.length === 0) return 0;
  const middle = (values.length - 1) >> 1;
  select(values, middle, 0);
  return values[middle] + 0; // + 0 makes a zero of -0
}
