/**
 * Times contenders against each other. They run in turn, round after round, so that what slows the machine for a while slows
 * them alike; medians are kept, and speed-ups are medians of the ratios within a round. Every run must end in the bits that it
 * has to: those of one worker for the same steps.
 */
import { ParagradError } from '../errors.js';
import type { Contender, Run } from './contender.js';

/** How long a contender runs before it is timed: until the optimising compilers have taken over. */
const WARM_UP_MS = 600;
/** How long a run of one worker takes, about. */
const RUN_MS = 250;

export interface Timing {
  /** The run of the median step time. */
  readonly run: Run;
  /** Median over the rounds of the first contender's step time over this one's. */
  readonly stepRatio: number;
}

export interface Timings {
  /** Of each contender, in their order. */
  readonly timings: readonly Timing[];
  /** Runs whose bits were compared, and what they all ended in; one digest for each kind of run. */
  readonly runs: number;
}

export interface MeasureOptions {
  readonly rounds: number;
  /** Whether all contenders take the same steps, and so end in the same bits; else each one has its own. */
  readonly sameSteps: boolean;
  /** Told before each round, from 1. */
  readonly onRound?: ((round: number) => void) | undefined;
  /** Shorter, for tests. */
  readonly warmUpMs?: number;
  readonly runMs?: number;
}

/**
 * @param contenders the first is the one that others are compared with
 * @throws ParagradError `bits_differ` when a run did not end in the bits that it had to
 */
export async function measure(contenders: readonly Contender[], options: MeasureOptions): Promise<Timings> {
  const { rounds, sameSteps, onRound, warmUpMs = WARM_UP_MS, runMs = RUN_MS } = options;
  const segments: number[] = [];
  for (const contender of contenders) segments.push(await warmUp(contender, warmUpMs, runMs));
  if (sameSteps) segments.fill(segments[0]);

  const runs: Run[][] = contenders.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    onRound?.(round);
    for (const [i, contender] of contenders.entries()) {
      const run = await contender.run(segments[i], contender.batches);
      const expected = runs[sameSteps ? 0 : i][0] ?? run;
      checkBits(run, expected, contender.workers);
      runs[i].push(run);
    }
  }
  const timings = runs.map((own): Timing => {
    const run = own.toSorted((a, b) => a.secondsPerStep - b.secondsPerStep)[own.length >> 1];
    const ratios = own.map(({ secondsPerStep }, round) => runs[0][round].secondsPerStep / secondsPerStep);
    return { run, stepRatio: median(ratios) };
  });
  return { timings, runs: rounds * contenders.length };
}

/** @throws ParagradError `bits_differ` */
export function checkBits(run: Pick<Run, 'digest'>, expected: Pick<Run, 'digest'>, workers: number): void {
  if (run.digest === expected.digest) return;
  throw new ParagradError(
    'bits_differ',
    `a run with ${workers} workers ended in other weights than it should: SHA-256 ${run.digest}, expected ${expected.digest}`,
    { kind: 'internal', hint: 'This breaks the promise of paragrad: please report it with the command line.' },
  );
}

/** Runs until it is warm. Returns how many epochs a timed run has. */
async function warmUp(contender: Contender, warmUpMs: number, runMs: number): Promise<number> {
  const end = performance.now() + warmUpMs;
  let epochMs: number;
  do {
    const { secondsPerStep } = await contender.run(1, contender.batches);
    epochMs = 1000 * secondsPerStep * contender.batches;
  } while (performance.now() < end);
  return Math.max(1, Math.round(runMs / epochMs));
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
