/**
 * Several quantiles of one target: their names, their order in a row, their scores.
 *
 * Each quantile is an output of the network for itself, so that in some rows a lower one can come out above a higher one. Every row
 * is therefore put in order before anything is made of it: that brings them nearer to the true ones on the whole, and the mean pinball
 * loss never up (Chernozhukov, Fernández-Val & Galichon, "Quantile and probability curves without crossing", 2010). AutoGluon's
 * network sorts too; scikit-learn and LightGBM, with a model for each quantile, leave crossings in.
 */

/** Of columns and scores: "q0.1". */
export function quantileName(quantile: number): string {
  return `q${quantile}`;
}

/** Index of the one nearest to the median, the lower of two: what stands for the prediction where there can be but one. */
export function centralQuantile(quantiles: readonly number[]): number {
  const distance = (i: number) => Math.abs(quantiles[i] - 0.5);
  return quantiles.reduce((nearest, _, i) => (distance(i) < distance(nearest) ? i : nearest), 0);
}

/** Puts the values of each row, [rows, width] row-major, in ascending order, in place. */
export function sortRows(values: Float64Array, width: number): Float64Array {
  for (let start = 0; start < values.length; start += width) values.subarray(start, start + width).sort();
  return values;
}

/** Scores of quantiles by name. */
export interface QuantileScores {
  /** Mean of quantile * error above the prediction, (1 - quantile) * error below it; of several quantiles the mean of theirs. */
  readonly pinball: number;
  /** Of several: share of the rows from the lowest prediction to the highest, both included. */
  readonly coverage?: number;
  /** Of several: each one's own pinball loss. */
  readonly [pinball: `pinball_q${string}`]: number;
  /** Of several: share of the rows at or below the prediction, which is to be the quantile. */
  readonly [below: `below_q${string}`]: number;
}

/**
 * Scores predicted quantiles, [rows, quantiles] row-major and ascending in each row, row by row.
 *
 * @param quantiles ascending
 */
export function createQuantileScore(quantiles: readonly number[]) {
  const width = quantiles.length;
  const pinball = new Float64Array(width);
  const below = new Float64Array(width);
  let covered = 0;
  let total = 0;
  return {
    add(predicted: ArrayLike<number>, row: number, truth: number, weight: number): void {
      total += weight;
      const first = row * width;
      for (let i = 0; i < width; i++) {
        const error = predicted[first + i] - truth;
        pinball[i] += weight * Math.max(-quantiles[i] * error, (1 - quantiles[i]) * error);
        if (error >= 0) below[i] += weight;
      }
      if (predicted[first] <= truth && truth <= predicted[first + width - 1]) covered += weight;
    },
    /** NaN where no row has a weight. */
    result(): QuantileScores {
      const mean = pinball.reduce((sum, loss) => sum + loss, 0) / width / total;
      if (width === 1) return { pinball: mean };
      const each = quantiles.flatMap((quantile, i) => [
        [`pinball_${quantileName(quantile)}`, pinball[i] / total],
        [`below_${quantileName(quantile)}`, below[i] / total],
      ]);
      return { pinball: mean, coverage: covered / total, ...Object.fromEntries(each) };
    },
  };
}
