/**
 * The bins that a number is given by (piecewise.ts): their edges are the smallest value, the places where a decision tree of
 * that number alone splits to tell the target, and the largest value. A number that no tree can split has none.
 */
import { splitPlaces } from './decision-tree.js';
import { type Bins, binMeans } from './piecewise.js';
import type { SortedNumber } from './sorted-number.js';

/** Bins of a number, at most. */
const MOST_BINS = 32;
/** Bins of all numbers together, at most: a wide table must not become a network of inputs. */
const MOST_BINS_TOGETHER = 2048;
/** Rows of a bin, at least: one in so many of all rows, within these bounds. */
const BIN_ROWS = { oneIn: 200, least: 8, most: 64 };

/** How many bins each of so many numbers has, at most. */
export function mostBins(numbers: number): number {
  return Math.min(MOST_BINS, Math.floor(MOST_BINS_TOGETHER / numbers));
}

/**
 * Where a number is cut into bins, ascending, its ends left out.
 *
 * @param numbers of the dataset, which share the bins that there may be
 * @param classes of the target; 0: it is a number
 */
export function binPlaces({ values, targets }: SortedNumber, numbers: number, classes: number): number[] {
  const leafRows = Math.max(BIN_ROWS.least, Math.min(BIN_ROWS.most, Math.floor(values.length / BIN_ROWS.oneIn)));
  return splitPlaces(values, targets, classes, { leaves: mostBins(numbers), leafRows });
}

/** The bins between these places; null where there would be no more than one. */
export function binsAt(places: readonly number[], { values }: SortedNumber): Bins | null {
  if (places.length === 0) return null;
  const edges = [values[0], ...places, values[values.length - 1]];
  return { edges, means: binMeans(edges, values) };
}
