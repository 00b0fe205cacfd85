/**
 * Whether a target depends on any column of a table, or on any two of them, beyond chance. Columns are cut into groups of rows, and
 * the share of the target's variance that the groups explain is compared with what as many groups explain by chance: under
 * independence n * share is chi-squared with (groups - 1) degrees of freedom, nearly. A yes or no, far from the border; no measure.
 */
import { explained, ranks, type SampledColumn } from './column-sample.js';

/** Groups of a column of numbers, alone and in a pair; of equal numbers of rows. */
const BINS = 12;
const PAIR_BINS = 5;
/** A column of more categories is cut by their code. */
const MOST_GROUPS = 60;
/** Columns that are tried in pairs, from the first. */
const PAIRED = 12;
/** Classes, each against the rest, from the first. */
const MOST_CLASSES = 12;
const MANY_CLASSES = 50;
/** Standard deviations beyond the mean of chance; there are hundreds of tries. */
const BEYOND = 6;

/** True also where it cannot be told. */
export function dependence(features: readonly SampledColumn[], target: SampledColumn): boolean {
  const targets = targetsOf(target);
  // One value depends on nothing, and of many classes with a few rows each nothing can be told.
  if (targets.every((y) => new Set(y).size < 2)) return true;
  const single = features.map((column) => groupsOf(column, BINS));
  if (single.some((groups) => targets.some((y) => isBeyondChance(groups, y)))) return true;
  const pairs = features.slice(0, PAIRED).map((column) => groupsOf(column, PAIR_BINS));
  for (let i = 0; i < pairs.length; i++) {
    for (let j = i + 1; j < pairs.length; j++) {
      const both = pairs[i].map((group, r) => group * MOST_GROUPS + pairs[j][r]);
      if (targets.some((y) => isBeyondChance(both, y))) return true;
    }
  }
  return false;
}

/** Ranks of numbers, so that no outlier rules; classes one against the rest. */
function targetsOf(target: SampledColumn): Float64Array[] {
  const values = target.kind === 'number' ? target.values : Float64Array.from(target.codes);
  const distinct = [...new Set(values)].filter((v) => Number.isFinite(v));
  if (target.kind === 'number' && distinct.length > MOST_CLASSES) return [ranks(values)];
  if (distinct.length > MANY_CLASSES) return [];
  return distinct.slice(0, MOST_CLASSES).map((value) => values.map((v) => (Number.isNaN(v) ? v : v === value ? 1 : 0)));
}

/** The group of each row. */
function groupsOf(column: SampledColumn, bins: number): Float64Array {
  if (column.kind === 'category')
    return Float64Array.from(column.codes, (code) => (code + 1) % Math.min(MOST_GROUPS, bins * 5));
  const { values } = column;
  const distinct = new Set(values).size;
  if (distinct <= bins) {
    const places = new Map([...new Set(values)].map((value, i) => [value, i]));
    return values.map((value) => places.get(value)!);
  }
  return ranks(values).map((rank) => (Number.isNaN(rank) ? bins : Math.floor((rank * bins) / values.length)));
}

function isBeyondChance(groups: Float64Array, y: Float64Array): boolean {
  const degrees = new Set(groups).size - 1;
  if (degrees < 1) return false;
  return y.length * explained(groups, y) > degrees + BEYOND * Math.sqrt(2 * degrees) + BEYOND;
}
