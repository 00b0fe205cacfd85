/**
 * What a schedule is: how the learning rate, or another constant, goes over a run, as a factor of what was asked for. A pure function of the
 * step, so that every worker knows the rate without being told. Adding one is a file in this folder and a line in index.ts.
 */
export interface Schedule {
  /**
   * @param step updates made before this one, 0 <= step < steps
   * @param steps of the run, warm-up left out
   */
  readonly factor: (step: number, steps: number) => number;
}
