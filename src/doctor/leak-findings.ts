/** A feature that gives the target away: a copy of it, a function of it, or a code for its class. */
import { brief, type Finding } from '../check/finding.js';
import { correlation, explained, ranks, type SampledColumn } from './column-sample.js';
import type { Say } from './table-question.js';

/** Correlation (of values or ranks) from which a feature counts as the target in another guise. */
const LEAK = 0.985;
/** Share of a class target that one feature's own values may explain. */
const EXPLAINED = 0.98;
/** Values of a flag, and classes among which it is looked for, at most. */
const FLAG_VALUES = 4;
const MOST_FLAGGED = 50;
/** Rows of all classes but the most frequent, from which it can be told how well they are parted. */
const FEW_ROWS = 10;
/** A feature with so many values a row cannot be judged by its groups. */
const ROWS_A_GROUP = 4;

export function leakFindings(features: readonly SampledColumn[], target: SampledColumn, say: Say): Finding[] {
  const y = target.kind === 'number' ? target.values : Float64Array.from(target.codes, (c) => (c < 0 ? Number.NaN : c));
  const classes = target.kind === 'category' ? target.values.length : new Set(y.filter(Number.isFinite)).size;
  const rankedTarget = ranks(y);
  return features.flatMap((feature) => {
    const strength =
      feature.kind === 'number'
        ? strengthOfNumbers(feature.values, y, rankedTarget, classes, target.kind === 'category')
        : strengthOfGroups(feature.codes, y, classes);
    if (strength === null) return [];
    return [
      say(
        'label_leak',
        'error',
        `column ${JSON.stringify(feature.name)} gives the target ${JSON.stringify(target.name)} away: ${strength.what} ${strength.value.toFixed(4)}`,
        'it holds the answer, or was made from it; on new rows it will not be there',
        `Leave it out: --exclude ${feature.name}.`,
        { column: feature.name, strength: brief(strength.value) },
      ),
    ];
  });
}

interface Strength {
  readonly what: string;
  readonly value: number;
}

function strengthOfNumbers(
  x: Float64Array,
  y: Float64Array,
  rankedTarget: Float64Array,
  classes: number,
  isClass: boolean,
): Strength | null {
  if (!isClass) {
    const plain = Math.abs(correlation(x, y));
    if (plain > LEAK) return { what: 'correlation', value: plain };
    const byRank = Math.abs(correlation(ranks(x), rankedTarget));
    if (byRank > LEAK && classes > 2) return { what: 'rank correlation', value: byRank };
  }
  const parted = classes <= 50 ? separation(x, y) : 0;
  if (parted > 0.99) return { what: 'it parts the classes, of 1,', value: parted };
  return strengthOfGroups(x, y, classes);
}

/** Groups of equal feature values that each have one value of the target. */
function strengthOfGroups(groups: ArrayLike<number>, y: Float64Array, classes: number): Strength | null {
  const known = Array.from(groups).filter((group, r) => !Number.isNaN(group) && Number.isFinite(y[r]));
  const count = new Set(known).size;
  if (count < 2 || count * ROWS_A_GROUP > known.length || classes < 2) return null;
  const share = explained(groups, y);
  return share > EXPLAINED ? { what: 'its values explain of it', value: share } : strengthOfFlag(groups, y, classes);
}

/** How well intervals of x part the classes: sorted by x, runs of one class; 1 where each class is one run, 0 where it is by chance. */
/** A flag that is one class and nothing else; told apart from features that just part it well by having hardly any values. */
function strengthOfFlag(groups: ArrayLike<number>, y: Float64Array, classes: number): Strength | null {
  if (classes < 3 || classes > MOST_FLAGGED || new Set(Array.from(groups)).size > FLAG_VALUES) return null;
  for (const label of new Set(y.filter(Number.isFinite))) {
    const isLabel = y.map((v) => (Number.isNaN(v) ? v : v === label ? 1 : 0));
    if (isLabel.reduce((sum, v) => sum + (v === 1 ? 1 : 0), 0) < FEW_ROWS) continue;
    const share = explained(groups, isLabel);
    if (share > EXPLAINED) return { what: 'its values explain of one class', value: share };
  }
  return null;
}

function separation(x: Float64Array, y: Float64Array): number {
  const order = Array.from(x.keys()).filter((i) => Number.isFinite(x[i]) && Number.isFinite(y[i]));
  if (order.length < 20) return 0;
  order.sort((a, b) => x[a] - x[b]);
  const classes = new Set(order.map((i) => y[i])).size;
  if (classes < 2) return 0;
  // A feature of few values can part nothing by intervals that it does not part by groups.
  let changes = 0;
  for (let i = 1; i < order.length; i++) if (y[order[i]] !== y[order[i - 1]]) changes++;
  // Of the errors that are left when the most frequent class is always said.
  const counts = new Map<number, number>();
  for (const i of order) counts.set(y[i], (counts.get(y[i]) ?? 0) + 1);
  const rest = order.length - Math.max(...counts.values());
  return rest < FEW_ROWS ? 0 : 1 - Math.max(0, changes - (classes - 1)) / (2 * rest);
}
