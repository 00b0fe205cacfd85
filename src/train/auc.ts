/**
 * Area under the ROC curve, collected row by row: the probability that a row of the second class scores above one of the
 * first, ties counting half (the Mann-Whitney statistic with midranks; Hanley & McNeil, "The meaning and use of the area
 * under a ROC curve", 1982). Exact: every score is kept, in as few bytes as it has. Weights count a row that many times.
 */

export interface AreaUnderCurve {
  /** @param truth 0 for the first class, 1 for the second */
  add(score: number, truth: number, weight: number): void;
  /** Null with one class only, or when a score is NaN. Adding ends here. */
  result(): number | null;
}

type Scores = Float32Array | Float64Array;

/**
 * @param rows how many rows will be added
 * @param float32 whether every score is a float32, which takes half the memory
 */
export function createAreaUnderCurve(rows: number, weighted: boolean, float32: boolean): AreaUnderCurve {
  const scores = float32 ? new Float32Array(rows) : new Float64Array(rows);
  return weighted ? weightedArea(scores) : countedArea(scores);
}

/** The first class is kept from the front of `scores`, the second from the back; each is then sorted on its own. */
function countedArea(scores: Scores): AreaUnderCurve {
  let first = 0;
  let second = scores.length;
  let undefinedScores = false;
  return {
    add(score, truth) {
      if (Number.isNaN(score)) undefinedScores = true;
      scores[truth === 1 ? --second : first++] = score;
    },
    result() {
      const below = scores.subarray(0, first).sort();
      const above = scores.subarray(second).sort();
      if (undefinedScores || below.length === 0 || above.length === 0) return null;
      let beaten = 0;
      let [less, notMore] = [0, 0];
      for (let i = 0; i < above.length; i++) {
        while (less < below.length && below[less] < above[i]) less++;
        while (notMore < below.length && below[notMore] <= above[i]) notMore++;
        beaten += less + (notMore - less) / 2;
      }
      return beaten / (below.length * above.length);
    },
  };
}

/** Rows sorted by score: each of the second class beats the weight of the first below it, and half of that at its own score. */
function weightedArea(scores: Scores): AreaUnderCurve {
  /** Negative for the first class. A row of weight 0 says nothing and is left out. */
  const weights = new Float64Array(scores.length);
  let rows = 0;
  let undefinedScores = false;
  return {
    add(score, truth, weight) {
      if (Number.isNaN(score)) undefinedScores = true;
      if (weight === 0) return;
      scores[rows] = score;
      weights[rows++] = truth === 1 ? weight : -weight;
    },
    result() {
      if (undefinedScores) return null;
      const order = Uint32Array.from({ length: rows }, (_, r) => r).sort((a, b) => scores[a] - scores[b] || a - b);
      const total = [0, 0];
      let beaten = 0;
      for (let start = 0, end = 0; start < rows; start = end) {
        const tied = [0, 0];
        for (end = start; end < rows && scores[order[end]] === scores[order[start]]; end++) {
          const weight = weights[order[end]];
          tied[weight > 0 ? 1 : 0] += Math.abs(weight);
        }
        beaten += tied[1] * (total[0] + tied[0] / 2);
        total[0] += tied[0];
        total[1] += tied[1];
      }
      return total[0] > 0 && total[1] > 0 ? beaten / (total[0] * total[1]) : null;
    },
  };
}
