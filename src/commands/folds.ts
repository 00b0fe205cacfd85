/** What came of a cross-validation, for people: a line for each fold, the means, and how far the folds are from each other. */
import type { CrossValidationDone } from '../train/events.js';
import type { Metrics } from '../train/metrics.js';
import { formatDuration, formatNumber, formatTable } from './format.js';

export function foldLines({ folds, metrics, deviation, seconds, runDir }: CrossValidationDone): string[] {
  const names = Object.keys(metrics.validation);
  const cells = (scores: Metrics) => {
    return names.map((name) => formatNumber((scores as unknown as Record<string, number | null>)[name]));
  };
  const table = formatTable([
    ['fold', 'rows', ...names],
    ...folds.map(({ rows, validation }, i) => [String(i + 1), String(rows.validation), ...cells(validation)]),
    ['mean', '', ...cells(metrics.validation)],
    ['deviation', '', ...cells(deviation.validation)],
  ]);
  return [...table.split('\n'), `scores in ${runDir}/folds.json, ${formatDuration(seconds)} in all; no model is kept`];
}
