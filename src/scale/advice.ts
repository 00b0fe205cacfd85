/** What the model of a step says that a person should change: fewer workers, or larger batches. */
import { type StepCosts, type StepShape, stepSeconds } from './step-model.js';

/** A speed-up below this is not worth a thread. */
const WORTH = 1.1;
/** Share of the ideal speed-up that is asked of larger batches. */
const EFFICIENCY = 0.7;
const MOST_BATCH = 2 ** 20;

export interface AdviceRequest {
  readonly costs: StepCosts;
  /** How a batch of so many rows is cut and summed. */
  readonly shapeOf: (batchSize: number) => StepShape;
  readonly batchSize: number;
  readonly trainRows: number;
  /** Numbers of workers to advise on, ascending. */
  readonly workers: readonly number[];
}

/** Sentences, the most important first. */
export function advise(request: AdviceRequest): string[] {
  const { costs, shapeOf, batchSize, workers } = request;
  const shape = shapeOf(batchSize);
  const one = stepSeconds(costs, shape, 1);
  const speedUp = (count: number): number => one / stepSeconds(costs, shape, count);
  const lines: string[] = [];
  if (shape.shards > 1 && speedUp(2) < WORTH) {
    lines.push(
      `this net is too small for more than 1 worker: a step takes ${microseconds(one)}, and 2 workers would be ${speedUp(2).toFixed(2)} times as fast`,
    );
  }
  if (shape.shards === 1) lines.push(`a batch of ${batchSize} rows is one shard, which one worker computes`);
  for (const count of workers) {
    if (count === 1 || speedUp(count) >= EFFICIENCY * count) continue;
    lines.push(batchAdvice(request, count, speedUp(count)));
  }
  return lines;
}

function batchAdvice({ costs, shapeOf, batchSize, trainRows }: AdviceRequest, workers: number, now: number): string {
  const most = Math.min(trainRows, MOST_BATCH);
  for (let rows = 2 * batchSize; rows <= most; rows *= 2) {
    const shape = shapeOf(rows);
    const speedUp = stepSeconds(costs, shape, 1) / stepSeconds(costs, shape, workers);
    if (speedUp < EFFICIENCY * workers) continue;
    return `${workers} workers need --batch-size ${rows}: ${times(speedUp)} by projection (${times(now)} with ${batchSize}); other batches train differently`;
  }
  return `${workers} workers: ${times(now)} by projection, and no batch of up to ${most} rows reaches ${times(EFFICIENCY * workers)}`;
}

function times(factor: number): string {
  return `${factor < 10 ? factor.toFixed(1) : Math.round(factor)}x`;
}

function microseconds(seconds: number): string {
  return `${Math.round(1e6 * seconds)} us`;
}
