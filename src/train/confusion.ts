/**
 * Who is taken for whom: the weights of rows by their true and their predicted class, and the scores made of their sums. Sums of
 * each class are enough for the scores; the whole table is kept for a person.
 */

export interface ClassScores {
  /** Mean over the classes that occur of the share of their rows that is recognised. */
  readonly balancedAccuracy: number | null;
  /**
   * Harmonic mean of precision and recall: of the second class where there are two, else the mean over all classes that occur or
   * are predicted. 0 for a class of which no row is recognised.
   */
  readonly f1: number | null;
}

export interface Confusion {
  add(truth: number, predicted: number, weight: number): void;
  scores(): ClassScores;
  /** Weights [true class][predicted class]. */
  table(): number[][];
}

/** @param classes how many */
export function createConfusion(classes: number): Confusion {
  const cells = new Float64Array(classes * classes);

  function sumsOf(c: number): { hit: number; truth: number; predicted: number } {
    const sums = { hit: cells[c * classes + c], truth: 0, predicted: 0 };
    for (let other = 0; other < classes; other++) {
      sums.truth += cells[c * classes + other];
      sums.predicted += cells[other * classes + c];
    }
    return sums;
  }

  return {
    add(truth, predicted, weight) {
      cells[truth * classes + predicted] += weight;
    },
    scores() {
      const sums = Array.from({ length: classes }, (_, c) => sumsOf(c)).map((s) => ({
        ...s,
        f1: s.truth + s.predicted === 0 ? null : (2 * s.hit) / (s.truth + s.predicted),
      }));
      const recalls = sums.filter(({ truth }) => truth > 0).map(({ hit, truth }) => hit / truth);
      const occurring = sums.flatMap(({ f1 }) => (f1 === null ? [] : [f1]));
      // Without any row that is, or is taken for, the second class, it is recognised never, which is 0 as well.
      const ofSecond = occurring.length === 0 ? null : (sums[1]?.f1 ?? 0);
      return { balancedAccuracy: mean(recalls), f1: classes === 2 ? ofSecond : mean(occurring) };
    },
    table: () => Array.from({ length: classes }, (_, c) => [...cells.subarray(c * classes, (c + 1) * classes)]),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
