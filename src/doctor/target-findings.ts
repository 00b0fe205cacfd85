/** What is wrong with a target: missing or infinite values, its scale, its classes, and whether the loss fits it. */
import { brief, type Finding } from '../check/finding.js';
import { keepsTarget } from '../train/loss-constants.js';
import { type SampledColumn, type Summary, summarise } from './column-sample.js';
import { sentinelOf } from './extremes.js';
import type { Say, TableQuestion } from './table-question.js';
import { spellingFindings } from './text-findings.js';
import { mixtureFinding } from './unit-mixtures.js';

/** Rows that a class needs to be learned, at least. */
const CLASS_ROWS = 10;
const MOST_CLASSES = 50;
/** Of numbers with fractions, so many are no classes. */
const FEW_CLASSES = 10;
/** Share of the values of a text that are numbers, from which it is a column of numbers. */
const NUMBERS = 0.9;

export function targetFindings({ target, task, scaleTarget, loss }: TableQuestion, say: Say): Finding[] {
  const name = JSON.stringify(target.name);
  const findings: Finding[] = [];
  const missing = missingIn(target);
  if (missing > 0) {
    findings.push(
      say(
        'missing_target',
        'error',
        `target ${name} is missing (null or NaN) in ${missing} rows`,
        'a row without a target cannot be learned from, and a NaN spreads into every weight',
        'Give --drop-missing-target, or mend the rows.',
        { missing },
      ),
    );
  }
  const summary = target.kind === 'number' ? summarise(target.values) : null;
  const classes = countClasses(target);
  if (classes.size === 1) {
    findings.push(
      say(
        'constant_target',
        'error',
        `target ${name} has one value in every row`,
        'there is nothing to learn: the answer is always the same',
        'Look at how the table was made, or give another --target.',
        { rows: [...classes.values()][0] },
      ),
    );
    return findings;
  }
  const isClass =
    task === 'binary' ||
    task === 'multiclass' ||
    (task === undefined && (target.kind === 'category' || classes.size === 2));
  if (!isClass && summary !== null)
    findings.push(...aboutNumbers(name, summary, classes.size, scaleTarget, loss, target, say));
  if (isClass) findings.push(...aboutClasses(name, classes, target, say));
  return findings;
}

function aboutNumbers(
  name: string,
  summary: Summary,
  distinct: number,
  scaleTarget: string,
  loss: string | undefined,
  target: SampledColumn,
  say: Say,
): Finding[] {
  const { mean, deviation, min, max } = summary;
  const findings: Finding[] = [];
  const infinite = target.kind === 'number' ? target.values.filter((v) => v === Infinity || v === -Infinity).length : 0;
  if (infinite > 0)
    findings.push(
      say(
        'infinite_values',
        'error',
        `target ${name} holds ${infinite} infinite values`,
        'a division by zero or an overflow when the table was made',
        'Drop or mend these rows.',
        { infinite },
      ),
    );
  if (distinct === 2) {
    findings.push(
      say(
        'wrong_loss',
        'warning',
        `target ${name} has two values, ${brief(min)} and ${brief(max)}, and is predicted as a number`,
        'it is a yes or no: a squared error pulls right answers back and gives no probability',
        'Give --task binary (and leave --loss out).',
        { distinct },
      ),
    );
  }
  const size = Math.sqrt(mean * mean + deviation * deviation);
  // A loss of counts takes logarithms: to that, large counts are as good as small ones.
  if (scaleTarget === 'none' && !keepsTarget(loss) && deviation > 0 && (size > 30 || size < 0.003)) {
    findings.push(
      say(
        'unscaled_target',
        size > 300 ? 'error' : 'warning',
        `target ${name} is ${brief(mean)} on average with a deviation of ${brief(deviation)}, and is not scaled`,
        'first gradients are as large as the target, so a rate that fits it ruins the weights, and one that fits the weights never reaches it',
        'Give --scale-target standard (the default).',
        { mean, deviation },
      ),
    );
  }
  if (keepsTarget(loss) && min < 0) {
    findings.push(
      say(
        'wrong_loss',
        'error',
        `target ${name} goes down to ${brief(min)}`,
        'a Poisson loss is for counts: targets of 0 and more',
        'Give --loss mse.',
        { min },
      ),
    );
  }
  const sentinel = sentinelOf(summary);
  if (sentinel !== null) {
    findings.push(
      say(
        'sentinel_values',
        'error',
        `target ${name} is ${sentinel.value} in ${sentinel.count} of ${summary.count} rows, the next value is ${brief(sentinel.next)}`,
        'a number that stands for "missing" is learned as an answer',
        `Make ${sentinel.value} missing (null) in the table, and give --drop-missing-target.`,
        { value: sentinel.value, count: sentinel.count },
      ),
    );
    return findings;
  }
  const mixture = mixtureFinding('target', target.name, summary, say);
  if (mixture !== null) return [...findings, mixture];
  const far = summary.spread > 0 ? Math.max(max - summary.median, summary.median - min) / summary.spread : 0;
  if (far > 150)
    findings.push(
      say(
        'outliers',
        'warning',
        `target ${name} reaches from ${brief(min)} to ${brief(max)} around a median of ${brief(summary.median)}: ${brief(far)} times the spread of its quartiles`,
        'a squared error is ruled by these few rows',
        'Mend or drop these rows, or give --loss huber.',
        { far },
      ),
    );
  return findings;
}

function aboutClasses(name: string, classes: ReadonlyMap<number, number>, target: SampledColumn, say: Say): Finding[] {
  const label = (code: number): string =>
    target.kind === 'category' ? JSON.stringify(target.values[code]) : brief(code);
  const total = [...classes.values()].reduce((sum, n) => sum + n, 0);
  const rare = [...classes].filter(([, n]) => n < CLASS_ROWS);
  if (target.kind === 'number' && classes.size > MOST_CLASSES && rare.length > classes.size / 2) {
    return [
      say(
        'wrong_loss',
        'warning',
        `target ${name} is a number with ${classes.size} values, most of them in fewer than ${CLASS_ROWS} rows, and is predicted as classes`,
        'classes do not know that 3 lies between 2 and 4',
        'Give --task regression.',
        { classes: classes.size },
      ),
    ];
  }
  const asText =
    target.kind === 'category'
      ? target.values.filter((value) => value.trim() !== '' && Number.isFinite(Number(value)))
      : [];
  const many = asText.some((value) => !Number.isInteger(Number(value))) ? FEW_CLASSES : MOST_CLASSES;
  if (asText.length > many && asText.length > NUMBERS * classes.size) {
    return [
      say(
        'wrong_loss',
        'error',
        `target ${name} is text with ${classes.size} values, ${asText.length} of them numbers, such as ${JSON.stringify(asText[0])}`,
        'numbers that were read as text are classes, and classes do not know that 3 lies between 2 and 4',
        'Make the column numeric in the table.',
        { classes: classes.size, numbers: asText.length },
      ),
    ];
  }
  const findings: Finding[] = target.kind === 'category' ? spellingFindings(target, say) : [];
  if (rare.length > 0) {
    const [code, n] = rare[0];
    findings.push(
      say(
        'rare_class',
        'warning',
        `${rare.length} of ${classes.size} classes of ${name} have fewer than ${CLASS_ROWS} rows, e.g. ${label(code)} with ${n}`,
        'too few rows to learn from, and to score on',
        'Join rare classes, or get more rows.',
        { rare: rare.length },
      ),
    );
  }
  const [top, most] = [...classes].reduce((a, b) => (b[1] > a[1] ? b : a));
  if (classes.size > 1 && most > 0.97 * total) {
    findings.push(
      say(
        'imbalanced_classes',
        'warning',
        `${label(top)} is ${(100 * (most / total)).toFixed(1)}% of the rows`,
        'to say always that is nearly always right: accuracy tells nothing',
        'Look at auc or logLoss, or give a --weight-column.',
        { share: most / total },
      ),
    );
  }
  return findings;
}

function missingIn(target: SampledColumn): number {
  const values =
    target.kind === 'number' ? Array.from(target.values, Number.isNaN) : Array.from(target.codes, (c) => c < 0);
  return values.filter(Boolean).length;
}

/** Rows of each value (or code). */
function countClasses(target: SampledColumn): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of target.kind === 'number' ? target.values : target.codes) {
    if (Number.isNaN(value) || (target.kind === 'category' && value < 0)) continue;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}
