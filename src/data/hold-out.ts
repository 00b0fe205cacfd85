/**
 * Holds out rows of a training table by what one of its columns says: reads the column, and gives every row its slot. Who is
 * held out depends on the rows, the fraction and the seed alone; the ways to choose are in split-rows.ts.
 */
import { ParagradError } from '../errors.js';
import type { KernelSource } from '../kernels/load.js';
import { show } from './columns.js';
import { type Fold, foldClasses, foldGroups, foldRows } from './folds.js';
import { findColumn } from './names.js';
import type { Target } from './preprocess.js';
import { placeHeld, type Split, splitRows } from './split.js';
import type { SplitChoice } from './split-choice.js';
import { holdOutClasses, holdOutGroups, holdOutLatest } from './split-rows.js';
import type { SurveyedRows } from './survey.js';
import type { Table } from './table.js';

/** What rows are held out of. */
export interface HoldOut {
  readonly table: Table;
  /** Those that are left out are marked. */
  readonly rows: SurveyedRows;
  readonly target: Target;
  readonly split: SplitChoice;
  /** Of the rows that are not left out, 0 <= fraction < 1. */
  readonly fraction: number;
  /** In place of the fraction: one of several parts that share all rows among them. */
  readonly fold?: Fold | undefined;
  readonly seed: number;
  /** Compute a choice at random faster. */
  readonly kernelSource?: KernelSource | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HeldOut extends Split {
  /** What the user should know, one line each. */
  readonly notes: readonly string[];
}

/**
 * Gives every row its slot.
 *
 * @throws ParagradError `empty_split`, `unknown_column`, `wrong_kind`, `split_task_mismatch`
 */
export async function holdOut(request: HoldOut): Promise<HeldOut> {
  const { table, rows, fraction } = request;
  const result = await chooseRows(request, new Uint32Array(rows.slots));
  const { trainRows, validationRows } = result;
  if (request.fold && (Math.min(trainRows, validationRows) === 0 || trainRows + validationRows < request.fold.of))
    throw emptyFold(request.fold, table, trainRows + validationRows);
  const empty = trainRows === 0 ? 'training' : validationRows === 0 && fraction > 0 ? 'validation' : null;
  if (empty === null) return result;
  throw new ParagradError(
    'empty_split',
    `holding out ${fraction} of the usable rows of ${table.location} (${trainRows + validationRows}) leaves none for ${empty}`,
    { hint: 'Give another --validation fraction, a file, or 0 to hold nothing out.' },
  );
}

function emptyFold({ of }: Fold, { location }: Table, usable: number): ParagradError {
  return new ParagradError(
    'empty_split',
    `${of} folds of ${location} leave one of them without rows (${usable} are usable)`,
    {
      hint: 'Ask for fewer folds.',
    },
  );
}

async function chooseRows(request: HoldOut, slots: Uint32Array): Promise<HeldOut> {
  const { split, fraction, fold, seed, target, kernelSource = null } = request;
  const atRandom = split.by === 'random' || (split.by === 'auto' && target.task === 'regression');
  if (atRandom && fold) return { ...placeHeld(slots, foldRows(slots, fold)), notes: [] };
  if (atRandom || (fraction === 0 && !fold)) return { ...splitRows(slots, fraction, seed, kernelSource), notes: [] };
  if (split.by === 'time') return await chooseLatest(request, slots, split.column);
  if (split.by === 'group') return await chooseGroups(request, slots, split.column);
  return await chooseOfClasses(request, slots);
}

async function chooseLatest(request: HoldOut, slots: Uint32Array, name: string): Promise<HeldOut> {
  if (request.fold) {
    throw new ParagradError('bad_option', 'folds hold every row out once, and a split by time only the latest', {
      hint: 'Leave the folds or the split by time away.',
    });
  }
  const { values, missing } = await readTimes(request, name);
  const subject = `column ${show({ name })} of ${request.table.location}, by which rows are held out,`;
  const notes = missing === 0 ? [] : [`${subject} is missing in ${missing} rows: they are trained on`];
  return { ...placeHeld(slots, holdOutLatest(slots, values, request.fraction)), notes };
}

async function chooseGroups(request: HoldOut, slots: Uint32Array, name: string): Promise<HeldOut> {
  const { table, fraction, fold, seed } = request;
  const { codes, texts } = await readCodes(request, groupColumn(table, name), []);
  const subject = `column ${show({ name })} of ${table.location}`;
  const notes = [`${subject} groups the rows, and is a feature only if --features names it`];
  const held = fold ? foldGroups(slots, codes, texts, fold) : holdOutGroups(slots, codes, texts, fraction, seed);
  return { ...placeHeld(slots, held), notes };
}

async function chooseOfClasses(request: HoldOut, slots: Uint32Array): Promise<HeldOut> {
  const { table, target, fraction, fold, seed } = request;
  if (target.task === 'regression') {
    throw new ParagradError(
      'split_task_mismatch',
      `target ${show(target)} of ${table.location} is predicted as a number, and a stratified split needs classes`,
      { hint: 'Give --split random, or --task multiclass where the numbers are classes.' },
    );
  }
  const { codes } = await readCodes(request, target.name, target.classes.map(String));
  const { length } = target.classes;
  const held = fold ? foldClasses(slots, codes, length, fold) : holdOutClasses(slots, codes, length, fraction, seed);
  return { ...placeHeld(slots, held), notes: [] };
}

function groupColumn(table: Table, name: string): string {
  const column = findColumn(table, name, 'to group rows by');
  if (column.kind !== 'unsupported') return name;
  throw new ParagradError(
    'wrong_kind',
    `column ${show(column)} of ${table.location} holds ${column.type}, and rows are grouped by numbers, strings, booleans or times`,
  );
}

/** A column of times or numbers, [rows]; NaN is missing. */
async function readTimes(
  { table, rows, signal }: HoldOut,
  name: string,
): Promise<{ values: Float64Array; missing: number }> {
  const column = findColumn(table, name, 'to hold rows out by');
  if (column.kind !== 'number' && column.kind !== 'time') {
    throw new ParagradError(
      'wrong_kind',
      `column ${show(column)} of ${table.location} holds ${column.type}, and a split by time takes dates, timestamps or numbers`,
    );
  }
  const values = new Float64Array(rows.rowEnd - rows.rowStart);
  let missing = 0;
  for await (const batch of table.read({ columns: [name], rowStart: rows.rowStart, rowEnd: rows.rowEnd, signal })) {
    const [read] = batch.columns;
    if (read.kind !== 'number') continue;
    values.set(read.values, batch.rowStart - rows.rowStart);
    for (const value of read.values) if (Number.isNaN(value)) missing++;
  }
  return { values, missing };
}

/**
 * A code for each value of a column, [rows]; values that are not `known` get the next codes as they appear. A missing value
 * is the empty text.
 */
export async function readCodes(
  { table, rows, signal }: Pick<HoldOut, 'table' | 'rows' | 'signal'>,
  name: string,
  known: readonly string[],
): Promise<{ codes: Uint32Array; texts: string[] }> {
  const texts = [...known];
  const codeOf = new Map(known.map((text, code) => [text, code]));
  const code = (text: string): number => {
    let found = codeOf.get(text);
    if (found === undefined) {
      found = texts.push(text) - 1;
      codeOf.set(text, found);
    }
    return found;
  };
  const { rowStart, rowEnd } = rows;
  const codes = new Uint32Array(rowEnd - rowStart);
  let dictionary: readonly string[] = [];
  let recoded = new Uint32Array(0);
  for await (const batch of table.read({ columns: [name], rowStart, rowEnd, signal })) {
    const at = batch.rowStart - rowStart;
    const [read] = batch.columns;
    if (read.kind === 'number') {
      for (const [i, value] of read.values.entries()) codes[at + i] = code(Number.isNaN(value) ? '' : String(value));
      continue;
    }
    if (read.dictionary !== dictionary) {
      dictionary = read.dictionary;
      recoded = Uint32Array.from(dictionary, code);
    }
    for (const [i, own] of read.codes.entries()) codes[at + i] = own < 0 ? code('') : recoded[own];
  }
  return { codes, texts };
}
