/**
 * What is predicted: a number or a class, by the target's kind and values where nobody said.
 *
 * A string, boolean or dictionary target, or one with two distinct values, is a classification; any other number is a
 * regression.
 */
import { ParagradError } from '../errors.js';
import { show } from './columns.js';
import { type ClassTarget, IDENTITY, type Target, type TargetTask } from './preprocess.js';
import { MOST_VALUES, type TargetSurvey } from './survey.js';
import type { Column, Table } from './table.js';

/** With so many distinct integers or fewer, a regression is worth a note. */
const FEW_INTEGERS = 20;

/** Rows from which a text with another value in most of them is no class. */
const MANY_ROWS = 20;

/** The target, not yet standardised, and what the user should know of the decision. */
export interface TargetDecision {
  readonly target: Target;
  readonly notes: readonly string[];
}

/**
 * Decides the task.
 *
 * @param asked the task that was asked for
 * @throws ParagradError `target_missing`, `target_infinite`, `target_not_numeric`, `one_class` or `too_many_classes`
 */
export function decideTarget(
  table: Table,
  column: Column,
  survey: TargetSurvey,
  asked: TargetTask | undefined,
): TargetDecision {
  const subject = `target ${show(column)} of ${table.location}`;
  const { distinct } = survey;
  refuseInfinite(subject, survey);
  if (distinct.length === 0) throw new ParagradError('target_missing', `${subject} is missing in every row`);
  const numeric = column.kind === 'number';
  const inferred = numeric && distinct.length !== 2 ? 'regression' : distinct.length === 2 ? 'binary' : 'multiclass';
  const task = asked ?? inferred;
  if (asked === undefined && inferred === 'multiclass')
    refuseUnlikelyClasses(subject, column, distinct.length, table.rows);
  if (task !== 'regression') return { target: classTarget(subject, column, distinct, task), notes: [] };
  if (!numeric) {
    throw new ParagradError('target_not_numeric', `${subject} holds ${column.type}, and a regression needs numbers`, {
      hint: 'Leave --task out, or give --task multiclass.',
    });
  }
  const target: Target = { name: column.name, task, ...IDENTITY };
  return { target, notes: asked === undefined ? regressionNotes(column, survey) : [] };
}

function regressionNotes(column: Column, { distinct, integers }: TargetSurvey): string[] {
  if (distinct.length === 1) return [`target ${show(column)} is ${distinct[0]} in every row`];
  if (!integers || distinct.length > FEW_INTEGERS) return [];
  return [
    `target ${show(column)} has ${distinct.length} distinct integers and is predicted as a number; ` +
      'if they are classes, give --task multiclass',
  ];
}

/** Nobody said that it has classes, and hardly one is there twice. */
function refuseUnlikelyClasses(subject: string, column: Column, classes: number, rows: number): void {
  if (rows < MANY_ROWS || 2 * classes <= rows) return;
  throw new ParagradError(
    'too_many_classes',
    `${subject} holds ${column.type} with ${classes} distinct values in ${rows} rows, so hardly a class is seen twice`,
    {
      hint: 'Numbers are predicted where the column is numeric (--query can cast it); for classes, give --task multiclass.',
    },
  );
}

function classTarget(
  subject: string,
  column: Column,
  distinct: readonly (string | number)[],
  task: 'binary' | 'multiclass',
): ClassTarget {
  if (distinct.length === 1) {
    throw new ParagradError('one_class', `${subject} is ${JSON.stringify(distinct[0])} in every row: one class only`, {
      hint: 'A classification needs rows of at least two classes.',
    });
  }
  const most = task === 'binary' ? 2 : MOST_VALUES;
  if (distinct.length > most) {
    const count = distinct.length > MOST_VALUES ? `more than ${MOST_VALUES}` : distinct.length;
    throw new ParagradError(
      'too_many_classes',
      `${subject} has ${count} distinct values, and a ${task} task takes at most ${most}`,
      {
        hint: `Give --task ${task === 'binary' && distinct.length <= MOST_VALUES ? 'multiclass' : 'regression'}${column.kind === 'number' ? '' : ' with a numeric target'}.`,
      },
    );
  }
  const { name } = column;
  if (column.kind === 'boolean') {
    return { name, task, type: 'boolean', classes: distinct.map((value) => value === 'true') };
  }
  return { name, task, type: column.kind === 'number' ? 'number' : 'string', classes: [...distinct] };
}

/** The classes as a survey asks for them (see `TargetRequest`). */
export function knownValues(target: Target): (string | number)[] | null {
  if (target.task === 'regression') return null;
  return target.classes.map((value) => (typeof value === 'boolean' ? String(value) : value));
}

/**
 * Refuses rows whose target cannot be used, or says how many are left out.
 *
 * @param of how many rows were surveyed
 * @param drop leave out rows without a target (or of a class that the model does not know)
 * @returns notes for the user
 * @throws ParagradError `target_missing` or `target_infinite`
 */
export function checkTarget(table: Table, target: Target, survey: TargetSurvey, of: number, drop: boolean): string[] {
  const subject = `target ${show(target)} of ${table.location}`;
  const { count, firstRow } = survey.missing;
  refuseInfinite(subject, survey);
  if (count === of) throw new ParagradError('target_missing', `${subject} is missing in every row`);
  if (count === 0) return [];
  if (drop) return [`${table.location}: ${rowCount(count)} without a target left out`];
  const what = target.task === 'regression' ? 'missing' : 'missing, or of no known class,';
  throw new ParagradError(
    'target_missing',
    `${subject} is ${what} in ${count} of ${rowCount(of)}, first in row ${firstRow} (counted from 0)`,
    { hint: 'Give --drop-missing-target to leave such rows out.' },
  );
}

/**
 * Refuses a target that a loss for counts cannot follow.
 *
 * @throws ParagradError `target_negative`
 */
export function refuseNegative(table: Table, target: Target, { negative }: TargetSurvey): void {
  if (negative.count === 0) return;
  const where = `${rowCount(negative.count)}, first in row ${negative.firstRow} (counted from 0)`;
  throw new ParagradError(
    'target_negative',
    `target ${show(target)} of ${table.location} is negative in ${where}, and the loss is one of counts`,
    { hint: 'Choose another loss.' },
  );
}

function refuseInfinite(subject: string, { infinite }: TargetSurvey): void {
  if (infinite.count === 0) return;
  throw new ParagradError(
    'target_infinite',
    `${subject} is infinite in ${rowCount(infinite.count)}, first in row ${infinite.firstRow} (counted from 0)`,
  );
}

function rowCount(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`;
}
