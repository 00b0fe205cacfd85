/**
 * Numbers that are codes: amounts that a law fixes, numbers of products or places. Which value it is says more of the target than
 * how large it is, and such values can be given learned vectors, as those of a category have.
 *
 * A number is one if its values tell more than its bins do, and that is no chance. Each row's target is foretold by the mean of the
 * other rows of its bin, and by the mean of the other rows of its value (of classes, by their shares); d is how much smaller the
 * squared error by the value is. The mean of d must be LEAST_SIGMAS of its own standard errors above 0, and LEAST_SHARE of the mean
 * error by bins. A value of few rows counts with its bin, and has no vector: it is as one that was never seen.
 *
 * Where bins can tell all values apart, d is 0: nothing is gained, and nothing is given. The test is our own; no other was found
 * that asks for what a value tells beyond its bin.
 */
import type { SortedNumber } from './sorted-number.js';

/** Rows of a value, at least. */
const VALUE_ROWS = 8;
const LEAST_SIGMAS = 5;
const LEAST_SHARE = 1e-3;

/** Values that have vectors, at most. */
export const MOST_TELLING_VALUES = 1000;

/** Rows from .. to. */
interface Run {
  readonly from: number;
  readonly to: number;
}

/**
 * The values to give vectors, ascending.
 *
 * @param places where bins end, ascending, each between two values
 * @param classes of the target; 0: it is a number
 * @returns null where they tell no more than the bins, or are too many
 */
export function tellingValues(
  { values, targets }: SortedNumber,
  places: readonly number[],
  classes: number,
): number[] | null {
  const errors = classes === 0 ? squaredErrors(targets) : classErrors(targets, classes);
  const telling: number[] = [];
  let [byBins, sum, squares] = [0, 0, 0];
  let place = 0;
  for (let from = 0; from < values.length; ) {
    while (place < places.length && places[place] <= values[from]) place++;
    const to = endOf(values, from, (value) => place < places.length && value >= places[place]);
    const byBin = errors({ from, to });
    for (let start = from; start < to; ) {
      const end = endOf(values, start, (value) => value !== values[start]);
      const isKnown = end - start >= VALUE_ROWS;
      const byValue = isKnown ? errors({ from: start, to: end }) : byBin;
      if (isKnown) telling.push(values[start]);
      for (let row = start; row < end; row++) {
        const error = byBin(row);
        const difference = error - byValue(row);
        byBins += error;
        sum += difference;
        squares += difference * difference;
      }
      start = end;
    }
    from = to;
  }
  if (telling.length < 2 || telling.length > MOST_TELLING_VALUES) return null;
  if (sum <= 0 || sum < LEAST_SHARE * byBins) return null;
  const spread = squares - (sum * sum) / values.length;
  return sum * sum >= LEAST_SIGMAS * LEAST_SIGMAS * spread ? telling : null;
}

/** The first row after `from` whose value ends the run that starts there. */
function endOf(values: Float32Array, from: number, ends: (value: number) => boolean): number {
  let to = from + 1;
  while (to < values.length && !ends(values[to])) to++;
  return to;
}

/** Of the rows of a run: the squared error of each by the mean of the others. A row that is alone is not foretold at all. */
type Errors = (run: Run) => (row: number) => number;

function squaredErrors(targets: Float32Array): Errors {
  return ({ from, to }) => {
    const rows = to - from;
    let sum = 0;
    for (let row = from; row < to; row++) sum += targets[row];
    const others = rows / Math.max(1, rows - 1);
    return (row) => {
      const distance = (targets[row] - sum / rows) * others;
      return distance * distance;
    };
  };
}

/** Summed over the classes: with p their shares among the others, 1 - 2 p of the row's own + sum of p^2. */
function classErrors(targets: Float32Array, classes: number): Errors {
  return ({ from, to }) => {
    const counts = new Float64Array(classes);
    for (let row = from; row < to; row++) counts[targets[row]]++;
    const squares = counts.reduce((sum, count) => sum + count * count, 0);
    const others = Math.max(1, to - from - 1);
    return (row) => {
      const own = counts[targets[row]];
      return 1 - (2 * (own - 1)) / others + (squares - 2 * own + 1) / (others * others);
    };
  };
}

/** The place of z among ascending values; -1 where it is none of them. */
export function placeOf(values: Float32Array, z: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < z) low = middle + 1;
    else high = middle;
  }
  return values[low] === z ? low : -1;
}
