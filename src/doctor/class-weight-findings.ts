/** Class weights that leave one class of several. */
import { brief, type Finding } from '../check/finding.js';
import { readTruth } from '../train/score.js';
import type { Subject } from './subject.js';

/** Share of the loss that a class has by its weight, and by its rows alone not. */
const NEARLY_ALL = 0.97;

export function classWeightFindings({ plan, loaded }: Subject, verify: string): Finding[] {
  const { classWeights } = plan;
  const { target } = loaded.preprocessing;
  if (classWeights === undefined || target.task === 'regression') return [];
  const rows = new Array<number>(classWeights.length).fill(0);
  for (const code of readTruth(loaded.dataset, target, 0, loaded.trainRows).truth) rows[code]++;
  const weights = rows.map((count, code) => count * classWeights[code]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const top = weights.indexOf(Math.max(...weights));
  const share = weights[top] / total;
  if (!(share > NEARLY_ALL) || rows[top] > NEARLY_ALL * loaded.trainRows) return [];
  return [
    {
      code: 'row_weights',
      severity: 'warning',
      evidence: `the class weights give ${(100 * share).toFixed(1)}% of the loss to ${JSON.stringify(target.classes[top])}, which is ${(100 * (rows[top] / loaded.trainRows)).toFixed(1)}% of the rows`,
      cause: 'to say always that class costs next to nothing: the others are not learned',
      advice: `Give --class-weights balanced, or that class a weight below ${brief(classWeights[top])}; weights are in the order of the classes.`,
      verify,
      values: { class: String(target.classes[top]), share, weight: classWeights[top] },
    },
  ];
}
