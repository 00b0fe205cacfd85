/** What is wrong with rows taken together: the same ones again and again, weights that leave only a few of them, a target that no column tells anything of. */
import { brief, type Finding } from '../check/finding.js';
import type { SampledColumn } from './column-sample.js';
import { dependence } from './dependence.js';
import type { Say, TableQuestion } from './table-question.js';

/** Share of rows that are copies of others from which it is no chance; of tables with a column of many values. */
const COPIES = 0.2;
const MANY_VALUES = { least: 30, share: 0.02 };
/** Share of the rows that the weights leave, by Kish's effective sample size. */
const LEFT_BY_WEIGHTS = 0.1;
/** Rows from which it can be said that nothing depends on anything. */
const ROWS_TO_TELL = 200;
/** Below so many rows, a fifth of them held out gives an accuracy that is known to 0.3 at best. */
const FEW_ROWS = 50;

export function rowFindings({ features, target, weights, holdsOut }: TableQuestion, say: Say): Finding[] {
  return [
    ...fewRows(rowsOf(target).length, say),
    ...(holdsOut ? copies([...features, target], say) : []),
    ...(weights === undefined ? [] : fewWeights(weights, say)),
    ...noSignal(features, target, say),
  ];
}

const rowsOf = (column: SampledColumn): ArrayLike<number> => (column.kind === 'number' ? column.values : column.codes);

function copies(columns: readonly SampledColumn[], say: Say): Finding[] {
  const parts = columns.map(rowsOf);
  const rows = parts[0].length;
  // Of tables with few possible rows, copies are to be expected.
  const distinct = Math.max(...columns.map((column) => (column.kind === 'number' ? new Set(column.values).size : 0)));
  if (distinct < Math.max(MANY_VALUES.least, MANY_VALUES.share * rows)) return [];
  const seen = new Set<string>();
  for (let r = 0; r < rows; r++) seen.add(parts.map((part) => part[r]).join());
  const repeated = rows - seen.size;
  if (repeated < COPIES * rows) return [];
  return [
    say(
      'duplicate_rows',
      'warning',
      `${repeated} of ${rows} rows are copies of others, target included`,
      'a copy that is held out was trained on: scores are far better than they will be on new rows',
      'Make the rows distinct, or count them in a --weight-column.',
      { repeated, rows },
    ),
  ];
}

/** The standard error of a share over n rows is 0.5 / sqrt(n) at most. */
function fewRows(rows: number, say: Say): Finding[] {
  if (rows >= FEW_ROWS) return [];
  const scored = Math.max(1, Math.round(rows / 5));
  return [
    say(
      'few_rows',
      'warning',
      `the table has ${rows} rows: an accuracy over a fifth of them is known to ${brief(1 / Math.sqrt(scored))}, up or down`,
      'a network has more weights than there are rows, and no score tells whether it learned them by heart',
      'Get more rows, or give --preset linear and look at --folds of a cross-validation.',
      { rows },
    ),
  ];
}

/** Kish, "Survey Sampling", 1965: the number of equal rows that are worth as much, (sum w)^2 / sum w^2. */
function fewWeights(column: SampledColumn, say: Say): Finding[] {
  if (column.kind !== 'number') return [];
  const known = column.values.filter((w) => w > 0 && Number.isFinite(w));
  const most = known.reduce((a, b) => Math.max(a, b), 0);
  const sum = known.reduce((total, w) => total + w / most, 0);
  const squares = known.reduce((total, w) => total + (w / most) ** 2, 0);
  const worth = (sum * sum) / squares;
  const rows = column.values.length;
  if (!(worth < LEFT_BY_WEIGHTS * rows)) return [];
  return [
    say(
      'row_weights',
      'warning',
      `the weights of ${JSON.stringify(column.name)} make ${rows} rows worth ${brief(worth)} of equal weight`,
      'a few rows rule the loss and its gradient, and the others hardly count',
      'Bound the weights, or look whether their column is the right one.',
      { column: column.name, worth, rows },
    ),
  ];
}

function noSignal(features: readonly SampledColumn[], target: SampledColumn, say: Say): Finding[] {
  const rows = rowsOf(target).length;
  if (features.length === 0 || rows < ROWS_TO_TELL || dependence(features, target)) return [];
  return [
    say(
      'no_signal',
      'warning',
      `none of ${features.length} columns, and no two of them together, tell anything of ${JSON.stringify(target.name)} beyond chance`,
      'rows and targets do not belong together (shuffled, or joined on the wrong key), or the columns that matter are missing',
      'Look at how the table was made: a few rows by hand, from where they came.',
      { columns: features.length, rows },
    ),
  ];
}
