/** The model of a step: against steps counted by hand, and what must hold whatever the parts cost. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costsOf, type StepShape, stepSeconds } from '../../src/scale/step-model.js';

const shape: StepShape = { batchSize: 1024, shards: 8, fused: true, chunks: 4, meetings: 2 };
/** Every part of another size, so that no two can be confused. */
const costs = { leafRow: 1, add: 7, update: 40, meeting: 0.5, undivided: 3 };
const LINE = 1e-7;

describe('a step of 8 shards of 128 rows', () => {
  test('one worker: 8 leaves, 3 additions (siblings are added on the way), the whole update', () => {
    expect(stepSeconds(costs, shape, 1)).toBeCloseTo(8 * 128 + 3 * 7 + 40 + 2 * 0.5 + 3, 9);
  });

  test('two workers: 4 leaves and 1 addition each, 1 join, halves of join and update', () => {
    const expected = 4 * 128 + 7 + (40 + 7) / 2 + 2 * (0.5 + LINE) + 3;
    expect(stepSeconds(costs, shape, 2)).toBeCloseTo(expected, 9);
  });

  test('three workers: the first has 3 leaves, (0 1) and 2; slices are 2 chunks of 4 at most', () => {
    // 0-2, 3-5, 6-7 hold (0 1), 2 | 3, (4 5) | (6 7): joined (2 3), with (0 1), ((4 5)(6 7)), and the two halves.
    const expected = 3 * 128 + (2 / 4) * (40 + 4 * 7) + 2 * (0.5 + 2 * LINE) + 3;
    expect(stepSeconds(costs, shape, 3)).toBeCloseTo(expected, 9);
  });

  test('beyond a worker for each shard there is nothing to win', () => {
    const eight = stepSeconds(costs, { ...shape, chunks: 1 }, 8);
    expect(stepSeconds(costs, { ...shape, chunks: 1 }, 16)).toBeGreaterThanOrEqual(eight);
  });

  test('leaves of several blocks are not added while they are computed: 7 additions', () => {
    expect(stepSeconds(costs, { ...shape, fused: false }, 1)).toBeCloseTo(8 * 128 + 7 * 7 + 40 + 1 + 3, 9);
  });
});

const seconds = fc.double({ min: 1e-7, max: 1e-2, noNaN: true });
const measured = fc.record({
  gather: seconds,
  forward: seconds,
  backward: seconds,
  reduce: seconds,
  update: seconds,
  wait: seconds,
  add: seconds,
  slower: fc.double({ min: 1, max: 3, noNaN: true }),
  between: seconds,
});

describe('costs of a measured step', () => {
  const stepOf = ({ slower, between, ...parts }: Record<keyof typeof shapeless, number>) => {
    const busy = parts.gather + parts.forward + parts.backward + parts.reduce + parts.update + parts.wait;
    return { ...parts, fastest: busy / slower, wall: busy + between };
  };
  const shapeless = {
    gather: 0,
    forward: 0,
    backward: 0,
    reduce: 0,
    update: 0,
    wait: 0,
    add: 0,
    slower: 1,
    between: 0,
  };

  test('one worker takes what it took', () => {
    fc.assert(
      fc.property(measured, (parts) => {
        const step = stepOf(parts);
        expect(stepSeconds(costsOf(step, shape), shape, 1) / step.wall).toBeCloseTo(1, 9);
      }),
    );
  });

  test('no number of workers is faster than an equal part of the fastest step, and delays stay whole', () => {
    fc.assert(
      fc.property(measured, fc.integer({ min: 2, max: 64 }), (parts, workers) => {
        const step = stepOf(parts);
        const projected = stepSeconds(costsOf(step, shape), shape, workers);
        const divisible = step.gather + step.forward + step.backward;
        const sound = step.fastest / (step.wall - parts.between);
        expect(projected).toBeGreaterThanOrEqual((sound * divisible) / workers);
        expect(projected).toBeGreaterThanOrEqual(step.wall - step.fastest);
      }),
    );
  });
});
