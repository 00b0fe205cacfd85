/** Which columns of a table play which part: target, weight, features by kind. */
import { ParagradError } from '../errors.js';
import { findColumn } from './names.js';
import type { Preprocessing } from './preprocess.js';
import type { Column, ColumnKind, Table } from './table.js';

export interface ColumnChoice {
  readonly target: string;
  /** Names of the features, in the order of the network's inputs. Default: every other column, in the table's order. */
  readonly features?: readonly string[] | undefined;
  /** Columns to leave out. */
  readonly exclude?: readonly string[] | undefined;
  readonly weightColumn?: string | undefined;
  /** Its values say which rows belong together; no feature unless it is named among them. */
  readonly groupColumn?: string | undefined;
}

export interface Columns {
  readonly target: Column;
  readonly weight: Column | null;
  readonly numbers: readonly Column[];
  /** Points in time, and times of day. */
  readonly times: readonly Column[];
  /** Categories and booleans. */
  readonly categories: readonly Column[];
}

/**
 * @throws ParagradError `unknown_column`, `conflicting_columns`, `unsupported_column`, `weight_not_numeric` or `no_features`
 */
export function chooseColumns(table: Table, choice: ColumnChoice): Columns {
  const target = findColumn(table, choice.target, 'the target');
  const weight = choice.weightColumn === undefined ? null : findColumn(table, choice.weightColumn, 'the weight column');
  checkRoles(table, choice, target, weight);
  const left = new Set([target.name, weight?.name, ...expand(table, choice.exclude ?? [])]);
  if (choice.groupColumn !== undefined && !choice.features?.includes(choice.groupColumn)) left.add(choice.groupColumn);
  const named = choice.features && expand(table, choice.features);
  const candidates = named?.map((name) => findColumn(table, name)) ?? table.columns;
  const features = [...new Set(candidates)].filter(({ name }) => !left.has(name));
  for (const feature of features) {
    if (feature.kind === 'unsupported') throw unsupported(table, feature);
  }
  if (features.length === 0) {
    throw new ParagradError('no_features', `${table.location} has no column left to predict ${show(target)} from`, {
      hint: choice.exclude === undefined ? 'Add columns to learn from.' : 'Exclude fewer columns.',
    });
  }
  return {
    target,
    weight,
    numbers: features.filter(({ kind }) => kind === 'number'),
    times: features.filter(({ kind }) => kind === 'time' || kind === 'clock'),
    categories: features.filter(({ kind }) => kind === 'category' || kind === 'boolean'),
  };
}

/** Names of columns, that of a column of vectors as those of its elements. */
function expand({ columns }: Table, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const elements = columns.filter(({ vector }) => vector === name);
    return elements.length > 0 ? elements.map((element) => element.name) : [name];
  });
}

function checkRoles(table: Table, choice: ColumnChoice, target: Column, weight: Column | null): void {
  const conflict = (message: string) => new ParagradError('conflicting_columns', `${table.location}: ${message}`);
  for (const name of expand(table, choice.exclude ?? [])) findColumn(table, name, 'to exclude');
  if (choice.features?.includes(target.name)) throw conflict(`the target ${show(target)} is listed as a feature`);
  if (choice.exclude?.includes(target.name)) throw conflict(`the target ${show(target)} is excluded`);
  if (target.kind === 'unsupported' || target.kind === 'time' || target.kind === 'clock') {
    throw unsupported(table, target, 'Choose another target, or make a number of it by --query.');
  }
  if (choice.groupColumn === target.name) throw conflict(`${show(target)} is both the target and what groups the rows`);
  if (weight === null) return;
  if (weight.name === target.name) throw conflict(`${show(target)} is both the target and the weight column`);
  if (choice.features?.includes(weight.name))
    throw conflict(`the weight column ${show(weight)} is listed as a feature`);
  if (choice.exclude?.includes(weight.name)) throw conflict(`the weight column ${show(weight)} is excluded`);
  if (weight.kind !== 'number') {
    throw new ParagradError(
      'weight_not_numeric',
      `the weight column ${show(weight)} of ${table.location} holds ${weight.type}, and weights are numbers`,
    );
  }
}

/**
 * Checks that a table has the columns of a preprocessing, with values of their kinds.
 *
 * @throws ParagradError `unknown_column` or `wrong_kind`
 */
export function checkColumns(
  table: Table,
  { numbers, categories, target, weightColumn }: Preprocessing,
  parts: { readonly target: boolean; readonly weight: boolean },
): void {
  for (const { name, part } of numbers) {
    checkKind(table, name, part === undefined ? 'numbers' : part === 'days' ? 'dates or timestamps' : 'times');
  }
  for (const { name } of categories) checkKind(table, name, 'strings or booleans');
  const isNumber = target.task === 'regression' || target.type === 'number';
  if (parts.target) checkKind(table, target.name, isNumber ? 'numbers' : 'strings or booleans');
  if (parts.weight && weightColumn !== null) checkKind(table, weightColumn, 'numbers');
}

/** Kinds of the columns of a table, by name: for others that go with it. */
export function kindsOf({ columns }: Table): Map<string, ColumnKind> {
  return new Map(columns.map(({ name, kind }) => [name, kind]));
}

/** Kinds of columns that a preprocessing takes, by name; the most usual one where it takes several. */
export function kindsTaken({ numbers, categories, target, weightColumn }: Preprocessing): Map<string, ColumnKind> {
  const isNumber = target.task === 'regression' || target.type === 'number';
  return new Map<string, ColumnKind>([
    ...(weightColumn === null ? [] : [[weightColumn, 'number'] as const]),
    [target.name, isNumber ? 'number' : 'category'],
    ...numbers.map(({ name, part }) => [name, part === undefined ? 'number' : 'time'] as const),
    ...categories.map(({ name }) => [name, 'category'] as const),
  ]);
}

/** Kinds of columns by what a model says that it takes. */
const TAKEN = {
  numbers: ['number'],
  'dates or timestamps': ['time'],
  times: ['time', 'clock'],
  'strings or booleans': ['category', 'boolean'],
} satisfies Record<string, readonly ColumnKind[]>;

function checkKind(table: Table, name: string, taken: keyof typeof TAKEN): void {
  const column = findColumn(table, name, 'which the model needs');
  const kinds: readonly ColumnKind[] = TAKEN[taken];
  if (kinds.includes(column.kind)) return;
  throw new ParagradError(
    'wrong_kind',
    `column ${show(column)} of ${table.location} holds ${column.type}, but the model takes ${taken} there`,
  );
}

function unsupported(table: Table, column: Column, hint?: string): ParagradError {
  return new ParagradError(
    'unsupported_column',
    `column ${show(column)} of ${table.location} holds ${column.type}, which paragrad cannot learn from`,
    { hint: hint ?? column.remedy ?? `Leave it out: --exclude ${shellName(column.name)}` },
  );
}

/** A column's name as messages show it. */
export function show(column: { readonly name: string }): string {
  return JSON.stringify(column.name);
}

/** A column's name as it can be typed on a command line. */
export function shellName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
