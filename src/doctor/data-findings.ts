/**
 * What is wrong with a table as something to learn from: its values, its columns, its target. From the raw columns, before
 * anything is scaled or filled in.
 */
import { brief, type Finding } from '../check/finding.js';
import { type CategoryColumn, correlation, type NumberColumn, type Summary, summarise } from './column-sample.js';
import { outlierOf, sentinelOf } from './extremes.js';
import { leakFindings } from './leak-findings.js';
import { rowFindings } from './row-findings.js';
import { type Say, sayAbout, type TableQuestion } from './table-question.js';
import { targetFindings } from './target-findings.js';
import { spellingFindings, textFindings } from './text-findings.js';
import { mixtureFinding } from './unit-mixtures.js';

const PAIRED_ROWS = 4000;

export function dataFindings(question: TableQuestion): Finding[] {
  const { location, features, target, scale } = question;
  const say = sayAbout(location);
  const numbers = features.filter((column): column is NumberColumn => column.kind === 'number');
  const summaries = new Map(numbers.map((column) => [column, summarise(column.values)]));
  const findings = features.flatMap((column) =>
    column.kind === 'number' ? aboutNumbers(column, summaries.get(column) ?? null, say) : aboutCategory(column, say),
  );
  if (scale === 'none') findings.push(...aboutScales(summaries, say));
  findings.push(...duplicates(numbers, say), ...leakFindings(features, target, say), ...targetFindings(question, say));
  findings.push(...rowFindings(question, say));
  return findings;
}

function aboutNumbers({ name, values }: NumberColumn, summary: Summary | null, say: Say): Finding[] {
  const infinite = values.reduce((sum, v) => sum + (v === Infinity || v === -Infinity ? 1 : 0), 0);
  const missing = values.reduce((sum, v) => sum + (Number.isNaN(v) ? 1 : 0), 0);
  const rows = values.length;
  const findings: Finding[] = [];
  const column = JSON.stringify(name);
  if (infinite > 0) {
    findings.push(
      say(
        'infinite_values',
        'error',
        `column ${column} holds ${infinite} infinite values`,
        'a division by zero or an overflow when the table was made',
        'Make them missing, or leave the column out: --exclude.',
        { column: name, infinite },
      ),
    );
  }
  if (missing > 0) {
    const share = missing / rows;
    findings.push(
      say(
        'missing_values',
        share > 0.5 ? 'warning' : 'info',
        `column ${column} is missing in ${missing} of ${rows} rows`,
        'they are read as the mean (the median with --scale robust), with a flag',
        share > 0.5 ? 'Leave the column out: --exclude.' : 'Nothing, if they are meant to be missing.',
        { column: name, missing, rows },
      ),
    );
  }
  if (summary === null) return findings;
  const { count, distinct, min, max, integers } = summary;
  if (distinct === 1 && count > 1) {
    findings.push(
      say(
        'constant_feature',
        'warning',
        `column ${column} is ${brief(min)} in every row`,
        'it tells nothing apart',
        `Leave it out: --exclude ${name}.`,
        { column: name, value: min },
      ),
    );
    return findings;
  }
  if (integers && distinct === count && count >= 50 && max - min < 2 * count) {
    findings.push(
      say(
        'identifier_feature',
        'warning',
        `column ${column} numbers the rows: ${count} different integers from ${brief(min)} to ${brief(max)}`,
        'the network can learn rows by heart with it, and it means nothing on new ones',
        `Leave it out: --exclude ${name}.`,
        { column: name, distinct },
      ),
    );
    return findings;
  }
  const mixture = mixtureFinding('column', name, summary, say);
  if (mixture !== null) return [...findings, mixture];
  const sentinel = sentinelOf(summary);
  if (sentinel !== null) {
    findings.push(
      say(
        'sentinel_values',
        'warning',
        `column ${column} is ${sentinel.value} in ${sentinel.count} of ${count} rows, the next value is ${brief(sentinel.next)}`,
        'a number that stands for "missing" is read as a value',
        `Make ${sentinel.value} missing (null) in the table.`,
        { column: name, value: sentinel.value, count: sentinel.count },
      ),
    );
  } else {
    const outlier = outlierOf(summary);
    if (outlier !== null) {
      findings.push(
        say(
          'outliers',
          'warning',
          `column ${column} holds ${brief(outlier.value)}, ${brief(outlier.times)} ${outlier.unit} from the middle (median ${brief(summary.median)})`,
          'a few values far outside set the scale of the column for all others',
          'Mend or drop these rows, or clip the column.',
          { column: name, value: outlier.value, times: outlier.times },
        ),
      );
    }
  }
  return findings;
}

function aboutCategory(feature: CategoryColumn, say: Say): Finding[] {
  const { name, codes, values } = feature;
  const missing = codes.reduce((sum, code) => sum + (code < 0 ? 1 : 0), 0);
  const known = codes.length - missing;
  const column = JSON.stringify(name);
  const findings: Finding[] = [];
  if (missing > 0) {
    findings.push(
      say(
        'missing_values',
        missing > codes.length / 2 ? 'warning' : 'info',
        `column ${column} is missing in ${missing} of ${codes.length} rows`,
        'they are read as none of the categories',
        'Nothing, if they are meant to be missing.',
        { column: name, missing },
      ),
    );
  }
  if (known > 1 && values.length === 1) {
    findings.push(
      say(
        'constant_feature',
        'warning',
        `column ${column} is ${JSON.stringify(values[0])} in every row`,
        'it tells nothing apart',
        `Leave it out: --exclude ${name}.`,
        { column: name },
      ),
    );
  }
  const otherwise = textFindings(feature, say);
  if (otherwise.length > 0) return [...findings, ...otherwise];
  findings.push(...spellingFindings(feature, say));
  if (known >= 50 && values.length > 0.8 * known) {
    findings.push(
      say(
        'identifier_feature',
        'warning',
        `column ${column} has ${values.length} different values in ${known} rows`,
        'nearly every row has its own: the network can only learn rows by heart with it',
        `Leave it out: --exclude ${name}.`,
        { column: name, distinct: values.length },
      ),
    );
  }
  return findings;
}

/** Unscaled columns are what a network sees: they should be near 1, and near each other. */
function aboutScales(summaries: ReadonlyMap<NumberColumn, Summary | null>, say: Say): Finding[] {
  const sizes = [...summaries].flatMap(([{ name }, summary]) =>
    summary === null || summary.distinct === 1
      ? []
      : [{ name, size: Math.sqrt(summary.mean ** 2 + summary.deviation ** 2), deviation: summary.deviation }],
  );
  if (sizes.length === 0) return [];
  const largest = sizes.reduce((most, column) => (column.size > most.size ? column : most));
  const smallest = sizes.reduce((least, column) => (column.deviation < least.deviation ? column : least));
  const ratio = largest.size / Math.max(smallest.deviation, 1e-300);
  if (largest.size <= 30 && (ratio <= 1e3 || smallest.deviation > 0.01)) return [];
  return [
    say(
      'unscaled_feature',
      largest.size > 300 ? 'error' : 'warning',
      `column ${JSON.stringify(largest.name)} has size ${brief(largest.size)}, column ${JSON.stringify(smallest.name)} deviation ${brief(smallest.deviation)}: ${brief(ratio)} times apart`,
      'the curvature along a feature grows with its square, so no rate fits them all; --scale none leaves them as they are',
      'Give --scale standard (the default).',
      { column: largest.name, size: largest.size, ratio },
    ),
  ];
}

function duplicates(numbers: readonly NumberColumn[], say: Say): Finding[] {
  const parts = numbers.map(({ name, values }) => ({ name, ranked: values.subarray(0, PAIRED_ROWS) }));
  const findings: Finding[] = [];
  for (let i = 0; i < parts.length; i++) {
    for (let j = i + 1; j < parts.length; j++) {
      const r = correlation(parts[i].ranked, parts[j].ranked);
      if (Math.abs(r) <= 1 - 1e-9) continue;
      findings.push(
        say(
          'duplicate_feature',
          'warning',
          `columns ${JSON.stringify(parts[i].name)} and ${JSON.stringify(parts[j].name)} are the same but for scale (correlation ${r.toFixed(6)})`,
          'the second adds nothing, and makes the curvature larger',
          `Leave one out: --exclude ${parts[j].name}.`,
          { column: parts[j].name, other: parts[i].name },
        ),
      );
      break;
    }
  }
  return findings;
}
