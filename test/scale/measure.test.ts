/** The measurement, on contenders whose times and bits are made up. */
import { expect, test } from 'vitest';
import { PHASES } from '../../src/memory/control.js';
import type { Contender, Run } from '../../src/scale/contender.js';
import { measure } from '../../src/scale/measure.js';
import { makeReport } from '../../src/scale/report.js';

const phases = Object.fromEntries(PHASES.map((phase) => [phase, 0.1])) as Run['phases'];

/** Runs take the listed times in turn, and end in the digest of their number of segments. */
function contender(workers: number, seconds: number[], log: number[] = [], digest = (run: number) => `bits of ${run}`) {
  let run = 0;
  const made: Contender = {
    workers,
    plan: { batchSize: 64, shards: 4 } as Contender['plan'],
    batches: 10,
    async run(segments) {
      log.push(workers);
      const secondsPerStep = seconds[run++ % seconds.length];
      return { secondsPerStep, fastest: secondsPerStep, phases, digest: digest(segments) };
    },
    addSeconds: () => 0.01,
    close: async () => undefined,
  };
  return made;
}

const quick = { rounds: 3, sameSteps: true, warmUpMs: 0, runMs: 10_000 };

test('contenders run in turn, and speed-ups are medians of the ratios within a round', async () => {
  const log: number[] = [];
  // The machine is ten times slower in the second round: ratios do not see it.
  const one = contender(1, [1, 1, 10, 1.2], log);
  const two = contender(2, [1, 0.5, 5, 0.5], log);
  const { timings, runs } = await measure([one, two], quick);
  expect(log).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  expect(runs).toBe(6);
  expect(timings[0].stepRatio).toBe(1);
  expect(timings[1].stepRatio).toBe(2);
  expect(timings[0].run.secondsPerStep).toBe(1.2);
});

test('a run that ends in other bits is an error that names its workers', async () => {
  let runs = 0;
  const wrong = contender(3, [1], [], () => (++runs === 3 ? 'other bits' : 'bits of 1'));
  const right = contender(1, [1], [], () => 'bits of 1');
  await expect(measure([right, wrong], quick)).rejects.toMatchObject({
    code: 'bits_differ',
    exitCode: 1,
    message: expect.stringMatching(/3 workers.*other bits.*bits of 1/),
  });
});

test('runs of different batches are compared with themselves only', async () => {
  const contenders = [contender(1, [1], [], () => 'a'), contender(2, [1], [], () => 'b')];
  await expect(measure(contenders, { ...quick, sameSteps: false })).resolves.toMatchObject({ runs: 6 });
});

test('the report: shares, efficiency, laws of those numbers that have cores of their own, advice', async () => {
  const contenders = [contender(1, [1]), contender(2, [0.625]), contender(4, [2])];
  const timings = await measure(contenders, quick);
  const report = makeReport({
    mode: 'strong',
    network: { sizes: [3, 4, 1], trainable: 21 },
    kernels: 'wasm-fma',
    cores: 2,
    trainRows: 100_000,
    projectTo: 8,
    contenders,
    timings,
    addSeconds: 0.01,
    shapeOf: (batchSize) => ({ batchSize, shards: batchSize / 16, fused: true, chunks: 8, meetings: 2 }),
    rowsFor: () => 64,
  });
  expect(report.points.map(({ speedUp }) => speedUp)).toEqual([1, 1.6, 0.5]);
  expect(report.points.map(({ efficiency }) => efficiency)).toEqual([1, 0.8, 0.125]);
  expect(report.points[0].shares).toMatchObject({ gather: 0.1, wait: 0.1, other: expect.closeTo(0.4, 9) });
  // 2 / 1.6 = 1 + s
  expect(report.amdahl?.serial).toBeCloseTo(0.25, 9);
  expect(report.usl).toBeNull();
  expect(report.projection.map(({ workers }) => workers)).toEqual([1, 2, 4, 8]);
  expect(report.advice.at(-1)).toMatch(/^8 workers/);
});
