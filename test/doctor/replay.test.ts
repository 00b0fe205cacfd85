/** Doctor on run directories of runs that diverged: the same steps again, with their cause. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../src/check/finding.js';
import { doctor } from '../../src/doctor/doctor.js';
import { readRunConfig } from '../../src/doctor/run-config.js';
import type { TrainConfig } from '../../src/train/config.js';
import { train } from '../../src/train/run.js';

const data = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-replay-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Trains until it diverges, and asks the doctor why. */
async function replayed(
  config: TrainConfig,
  name: string,
): Promise<{ finding: Finding; step: number; message: string }> {
  const error = await train({ ...config, runsDir: folder, name }).result.then(
    () => new Error('it did not diverge'),
    (thrown: Error) => thrown,
  );
  const runDir = join(folder, `${name}-1`);
  const { findings } = await doctor(await readRunConfig(runDir), { runDir });
  const finding = findings.find(({ code }) => code === 'replayed_divergence');
  const [, step] = /(?:of|after) step (\d+)/.exec(error.message) ?? [];
  return { finding: finding!, step: Number(step), message: error.message };
}

it.each([
  ['sgd', {}],
  ['momentum', { momentum: 0.5, dropout: 0.2, clipNorm: 1e6 }],
] as const)(
  'a rate that rises too far (%s): the step, the layer, what the curvature bears; the same loss in the end',
  async (optimizer, more) => {
    const config: TrainConfig = {
      ...{ data, target: 'price', hidden: [12], epochs: 6, validation: 0.1, workers: 2 },
      ...{ optimizer, learningRate: 4, warmupSteps: 1200, batchSize: 32, ...more },
    };
    const { finding, step, message } = await replayed(config, optimizer);
    const { values } = finding;
    expect(values.divergedAt).toBe(step);
    expect(values.from).toBeGreaterThan(0);
    expect(values.onset).toBeGreaterThan(values.from as number);
    expect(values.onset).toBeLessThanOrEqual(step);
    expect([0, 1]).toContain(values.layer);
    expect(Number(values.loss).toPrecision(4)).toBe(
      Number(/is ([\d.e+]+|Infinity|NaN)/.exec(message)![1]).toPrecision(4),
    );
    expect(finding.advice).toMatch(/--clip-norm 1/);
  },
);

it('a row far outside the others: its file and its number', async () => {
  const rows = Array.from({ length: 400 }, (_, i) => [
    Math.sin(i),
    Math.cos(3 * i),
    Math.sin(i) + 0.1 * Math.cos(7 * i),
  ]);
  rows[271][2] = 3e9;
  const path = join(folder, 'points.csv');
  await writeFile(path, `a,b,y\n${rows.map((row) => row.join(',')).join('\n')}\n`);
  const config: TrainConfig = {
    ...{ data: path, target: 'y', hidden: [8], validation: 0, batchSize: 20, epochs: 3 },
    ...{ optimizer: 'sgd', learningRate: 0.05, scaleTarget: 'none' },
  };
  const { finding } = await replayed(config, 'row');
  expect(finding.values.row).toBe(`row 271 of ${path}`);
  expect(finding.evidence).toMatch(/makes 100% of the loss of its batch of 20 rows/);
});

it('a run that ended well is not replayed', async () => {
  const { runDir } = await train({ data, target: 'price', hidden: [4], epochs: 1, runsDir: folder, name: 'well' })
    .result;
  const { findings } = await doctor(await readRunConfig(runDir), { runDir });
  expect(findings.map(({ code }) => code)).not.toContain('replayed_divergence');
  expect(JSON.parse(await readFile(join(runDir, 'config.json'), 'utf8')).hidden).toEqual([4]);
});
