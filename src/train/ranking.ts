/**
 * Scores that only the order of the rows decides, collected row by row. Exact: every output is kept.
 * Weights count a row that many times.
 *
 *   auc                the probability that a row of the second class is put above one of the first, ties counting half: the area
 *                      under the ROC curve (Hanley & McNeil, "The meaning and use of the area under a ROC curve", 1982)
 *   averagePrecision   the mean of the precision at each row of the second class, rows with the same output taken together:
 *                      sum over thresholds of (recall gained) * precision, without interpolation
 */

export interface RankingScores {
  /** Null with one class only, or when an output is NaN. */
  readonly auc: number | null;
  /** Null without rows of the second class, or when an output is NaN. */
  readonly averagePrecision: number | null;
}

export interface Ranking {
  /** @param truth 0 for the first class, 1 for the second */
  add(output: number, truth: number, weight: number): void;
  /** Adding ends here. */
  result(): RankingScores;
}

const UNDEFINED: RankingScores = { auc: null, averagePrecision: null };

/** @param rows how many rows will be added */
export function createRanking(rows: number, weighted: boolean): Ranking {
  const outputs = new Float64Array(rows);
  return weighted ? createWeighted(outputs) : createCounted(outputs);
}

/** The first class is kept from the front, the second from the back; each is then sorted on its own. */
function createCounted(outputs: Float64Array): Ranking {
  let first = 0;
  let second = outputs.length;
  let isUndefined = false;
  return {
    add(output, truth) {
      if (Number.isNaN(output)) isUndefined = true;
      outputs[truth === 1 ? --second : first++] = output;
    },
    result() {
      if (isUndefined) return UNDEFINED;
      const negatives = outputs.subarray(0, first).sort();
      const positives = outputs.subarray(second).sort();
      let [n, p] = [negatives.length - 1, positives.length - 1];
      return sumUp(() => {
        if (n < 0 && p < 0) return null;
        const threshold = Math.max(
          n < 0 ? Number.NEGATIVE_INFINITY : negatives[n],
          p < 0 ? Number.NEGATIVE_INFINITY : positives[p],
        );
        const [n0, p0] = [n, p];
        while (n >= 0 && negatives[n] === threshold) n--;
        while (p >= 0 && positives[p] === threshold) p--;
        return [n0 - n, p0 - p];
      });
    },
  };
}

/** Rows are sorted by an index of them. */
function createWeighted(outputs: Float64Array): Ranking {
  /** Negative for the first class. A row of weight 0 says nothing and is left out. */
  const weights = new Float64Array(outputs.length);
  let rows = 0;
  let isUndefined = false;
  return {
    add(output, truth, weight) {
      if (Number.isNaN(output)) isUndefined = true;
      if (weight === 0) return;
      outputs[rows] = output;
      weights[rows++] = truth === 1 ? weight : -weight;
    },
    result() {
      if (isUndefined) return UNDEFINED;
      const order = Uint32Array.from({ length: rows }, (_, r) => r).sort((a, b) => outputs[b] - outputs[a] || a - b);
      let at = 0;
      return sumUp(() => {
        if (at === rows) return null;
        const tied: [number, number] = [0, 0];
        for (const threshold = outputs[order[at]]; at < rows && outputs[order[at]] === threshold; at++) {
          const weight = weights[order[at]];
          tied[weight > 0 ? 1 : 0] += Math.abs(weight);
        }
        return tied;
      });
    },
  };
}

/** @param next the weights of both classes at the next output, from the highest down; null after the last */
function sumUp(next: () => readonly [number, number] | null): RankingScores {
  let [negatives, positives] = [0, 0];
  let beaten = 0;
  let precisions = 0;
  for (let tied = next(); tied !== null; tied = next()) {
    // Rows of the first class here are beaten by all of the second above them, and by half of those at their own output.
    beaten += tied[0] * (positives + tied[1] / 2);
    negatives += tied[0];
    positives += tied[1];
    if (tied[1] > 0) precisions += (tied[1] * positives) / (positives + negatives);
  }
  return {
    auc: negatives > 0 && positives > 0 ? beaten / (negatives * positives) : null,
    averagePrecision: positives > 0 ? precisions / positives : null,
  };
}
