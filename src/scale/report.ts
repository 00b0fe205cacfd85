/** From timed runs to what a person wants to know: speed-ups, where the time goes, laws, a projection, advice. Pure. */
import type { KernelName } from '../kernels/kernels.js';
import { PHASES, type Phase } from '../memory/control.js';
import type { Network } from '../nn/network.js';
import { advise } from './advice.js';
import type { Contender } from './contender.js';
import { type AmdahlFit, fitAmdahl, fitUsl, type UslFit } from './laws.js';
import type { Timings } from './measure.js';
import { costsOf, type StepShape, stepSeconds } from './step-model.js';

/** A number of workers, and its speed. */
export interface ScalingPoint {
  readonly workers: number;
  /** Rows of a batch, over all workers. */
  readonly batchSize: number;
  readonly secondsPerStep: number;
  readonly rowsPerSecond: number;
  /** Rows a second over those of one worker. */
  readonly speedUp: number;
  /** speedUp / workers */
  readonly efficiency: number;
}

export interface MeasuredPoint extends ScalingPoint {
  readonly shards: number;
  /** Share of a step's time in each phase, the mean over the workers; `other` is what lies between them. */
  readonly shares: Readonly<Record<Phase | 'other', number>>;
  /** What the model makes of the run of one worker, for this number. */
  readonly projectedSpeedUp: number;
}

export interface ScalingReport {
  readonly mode: 'strong' | 'weak';
  /** Inputs, hidden widths, outputs. */
  readonly sizes: readonly number[];
  readonly parameters: number;
  readonly kernels: KernelName;
  readonly cores: number;
  readonly trainRows: number;
  /** Runs that were compared bit by bit; a difference is an error. */
  readonly equalRuns: number;
  readonly points: readonly MeasuredPoint[];
  /** Null where too few numbers of workers were measured. */
  readonly amdahl: AmdahlFit | null;
  readonly usl: UslFit | null;
  /** By the model, from the run of one worker alone. */
  readonly projection: readonly ScalingPoint[];
  /** On batches of strong scaling. */
  readonly advice: readonly string[];
}

export interface ReportRequest {
  readonly mode: 'strong' | 'weak';
  readonly network: Pick<Network, 'sizes' | 'trainable'>;
  readonly kernels: KernelName;
  readonly cores: number;
  readonly trainRows: number;
  readonly projectTo: number;
  /** The first has one worker. */
  readonly contenders: readonly Pick<Contender, 'workers' | 'plan'>[];
  readonly timings: Timings;
  readonly addSeconds: number;
  readonly shapeOf: (batchSize: number) => StepShape;
  /** Rows of a batch for a number of workers. */
  readonly rowsFor: (workers: number) => number;
}

export function makeReport(request: ReportRequest): ScalingReport {
  const { mode, network, contenders, timings, shapeOf, rowsFor, cores, projectTo, trainRows } = request;
  const [{ run: one }] = timings.timings;
  const batchSize = rowsFor(1);
  const costs = costsOf(
    { ...one.phases, wall: one.secondsPerStep, fastest: one.fastest, add: request.addSeconds },
    shapeOf(batchSize),
  );
  const baseRate = batchSize / stepSeconds(costs, shapeOf(batchSize), 1);
  const project = (workers: number): ScalingPoint => {
    const rows = rowsFor(workers);
    const secondsPerStep = stepSeconds(costs, shapeOf(rows), workers);
    return pointOf(workers, rows, secondsPerStep, rows / secondsPerStep / baseRate);
  };

  const points = contenders.map(({ workers, plan }, i): MeasuredPoint => {
    const { run, stepRatio } = timings.timings[i];
    const speedUp = stepRatio * (plan.batchSize / batchSize);
    return {
      ...pointOf(workers, plan.batchSize, run.secondsPerStep, speedUp),
      shards: plan.shards,
      shares: sharesOf(run.phases, run.secondsPerStep),
      projectedSpeedUp: project(workers).speedUp,
    };
  });
  // More workers than cores share them: that says nothing about how the work divides.
  const fitted = points.filter(({ workers }) => workers <= cores);
  const counts = [...new Set([cores, projectTo])].toSorted((a, b) => a - b);
  const projected: number[] = [];
  for (let n = 1; n < projectTo; n *= 2) projected.push(n);
  return {
    mode,
    sizes: network.sizes,
    parameters: network.trainable,
    kernels: request.kernels,
    cores,
    trainRows,
    equalRuns: timings.runs,
    points,
    amdahl: fitAmdahl(fitted),
    usl: fitUsl(fitted),
    projection: [...projected, projectTo].map(project),
    advice: mode === 'weak' ? [] : advise({ costs, shapeOf, batchSize, trainRows, workers: counts }),
  };
}

function pointOf(workers: number, batchSize: number, secondsPerStep: number, speedUp: number): ScalingPoint {
  const rowsPerSecond = batchSize / secondsPerStep;
  return { workers, batchSize, secondsPerStep, rowsPerSecond, speedUp, efficiency: speedUp / workers };
}

function sharesOf(phases: Readonly<Record<Phase, number>>, step: number): MeasuredPoint['shares'] {
  const shares = PHASES.map((phase) => [phase, phases[phase] / step] as const);
  const counted = shares.reduce((sum, [, share]) => sum + share, 0);
  return Object.fromEntries([...shares, ['other', Math.max(0, 1 - counted)]]) as MeasuredPoint['shares'];
}
