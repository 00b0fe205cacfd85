/**
 * A decision tree on one number, for the places where it splits: those at which the target changes most.
 *
 * With S the sum of the target over n rows, a split into left and right lowers the squared error by
 * S_l^2 / n_l + S_r^2 / n_r - S^2 / n; the same, summed over the classes with S the number of rows of a class, is n times
 * what it lowers the Gini impurity by. The leaf that gains most is split next, as in scikit-learn's trees with
 * `max_leaf_nodes`, until there are enough or none gains. Breiman, Friedman, Olshen, Stone, "Classification and regression
 * trees", 1984.
 *
 * Rows are sorted once; a node is a run of them, so the tree takes O(n log n) and then O(n) for each level. Everything is
 * float64 in that order: the rows alone decide the splits. Of equal gains the lowest place is taken. No prediction comes out
 * of it, and no weight of a row goes in.
 */

/** What ends the growth of a tree. */
export interface TreeLimits {
  /** Leaves, at most. */
  readonly leaves: number;
  /** Rows of a leaf, at least. */
  readonly leafRows: number;
}

/** Values that differ by less are not told apart, as in scikit-learn. */
const SAME_VALUE = 1e-7;
/** A split that takes away less of the whole spread of the target than this is rounding noise. */
const LEAST_GAIN = 1e-10;

/** A way to cut a node in two: rows from .. at and at .. to. */
interface Cut {
  readonly at: number;
  readonly gain: number;
}

/** A run of sorted rows, and the best way to cut it. */
interface Leaf {
  readonly from: number;
  readonly to: number;
  readonly cut: Cut | null;
}

/** Finds the best cut of rows from .. to. */
type FindCut = (from: number, to: number) => Cut | null;

/**
 * The places where a tree splits, ascending: halfway between two values.
 *
 * @param values ascending
 * @param targets of those rows: numbers, or class indices
 * @param classes how many; 0: targets are numbers
 */
export function splitPlaces(
  values: Float32Array,
  targets: Float32Array,
  classes: number,
  { leaves, leafRows }: TreeLimits,
): number[] {
  const find = classes === 0 ? cutByError(values, targets, leafRows) : cutByClass(values, targets, classes, leafRows);
  const leaf = (from: number, to: number): Leaf => ({ from, to, cut: find(from, to) });
  const grown = [leaf(0, values.length)];
  const places: number[] = [];
  while (grown.length < leaves) {
    const next = grown.reduce((best, candidate, i) => (gainOf(candidate) > gainOf(grown[best]) ? i : best), 0);
    const { from, to, cut } = grown[next];
    if (cut === null) break;
    grown.splice(next, 1, leaf(from, cut.at), leaf(cut.at, to));
    places.push((values[cut.at - 1] + values[cut.at]) / 2);
  }
  return places.sort((a, b) => a - b);
}

function gainOf({ cut }: Leaf): number {
  return cut?.gain ?? 0;
}

/** For numbers: by their sums, about their mean so that little cancels. */
function cutByError(values: Float32Array, targets: Float32Array, leafRows: number): FindCut {
  const sums = new Float64Array(targets.length + 1);
  let total = 0;
  for (const target of targets) total += target;
  const mean = total / targets.length;
  let spread = 0;
  for (let i = 0; i < targets.length; i++) {
    const deviation = targets[i] - mean;
    sums[i + 1] = sums[i] + deviation;
    spread += deviation * deviation;
  }
  return (from, to) => {
    const whole = sums[to] - sums[from];
    let [at, best] = [0, (whole * whole) / (to - from) + LEAST_GAIN * spread];
    for (let i = from + leafRows; i <= to - leafRows; i++) {
      if (values[i] - values[i - 1] <= SAME_VALUE) continue;
      const left = sums[i] - sums[from];
      const right = sums[to] - sums[i];
      const score = (left * left) / (i - from) + (right * right) / (to - i);
      if (score > best) [at, best] = [i, score];
    }
    return at === 0 ? null : { at, gain: best - (whole * whole) / (to - from) };
  };
}

/** For classes: by their counts, whose sums of squares change by little from row to row. */
function cutByClass(values: Float32Array, targets: Float32Array, classes: number, leafRows: number): FindCut {
  const left = new Float64Array(classes);
  const right = new Float64Array(classes);
  return (from, to) => {
    left.fill(0);
    right.fill(0);
    for (let i = from; i < to; i++) right[targets[i]]++;
    let [leftSquares, rightSquares] = [0, 0];
    for (const count of right) rightSquares += count * count;
    const whole = rightSquares / (to - from);
    let [at, best] = [0, whole + LEAST_GAIN * targets.length];
    for (let i = from + 1; i <= to - leafRows; i++) {
      const moved = targets[i - 1];
      leftSquares += 2 * left[moved]++ + 1;
      rightSquares -= 2 * right[moved]-- - 1;
      if (i - from < leafRows || values[i] - values[i - 1] <= SAME_VALUE) continue;
      const score = leftSquares / (i - from) + rightSquares / (to - i);
      if (score > best) [at, best] = [i, score];
    }
    return at === 0 ? null : { at, gain: best - whole };
  };
}
