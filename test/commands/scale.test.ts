/** `paragrad scale` as a user runs it: table, files, and how wrong options end. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScalingReport } from '../../src/scale/report.js';
import { runCli } from './run-cli.js';

const data = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-scale-'));
});
afterAll(() => rm(folder, { recursive: true }));

const args = (...more: string[]) => [
  ...['scale', data, '--target', 'price', '--hidden', '16', '--workers', '3,1', '--rounds', '1'],
  ...more,
];

describe('paragrad scale', () => {
  it('prints the table, and writes the curve and the numbers', async () => {
    const { code, stdout, stderr } = await runCli(
      args('--csv', 'a.csv', '--plot', 'a.svg', '--project-to', '8'),
      folder,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^13-16-1, batches of 256 rows in 2 shards, .*\nworkers +us\/step .*\n +1 .*\n +3 .*\nbits: equal in 2 runs\n/,
    );
    expect(stdout).toMatch(/\nprojection, from the run of one worker:\n/);
    const csv = (await readFile(join(folder, 'a.csv'), 'utf8')).trim().split('\n');
    expect(csv.map((line) => line.split(',').slice(0, 2).join())).toEqual([
      'kind,workers',
      'measured,1',
      'measured,3',
      'projected,1',
      'projected,2',
      'projected,4',
      'projected,8',
    ]);
    const svg = await readFile(join(folder, 'a.svg'), 'utf8');
    expect(svg).toMatch(/^<svg /);
    for (const words of ['>workers<', '>speed-up (rows/s over those of one worker)<', '>measured<', '>ideal<']) {
      expect(svg).toContain(words);
    }
  });

  it('weak: each worker has its rows; the bits are those of one worker with the same batch', async () => {
    const { code, stdout } = await runCli(
      args('--mode', 'weak', '--optimizer', 'sgd', '--clip-norm', '1', '--json'),
      folder,
    );
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as ScalingReport;
    expect(report.points.map(({ workers, batchSize }) => [workers, batchSize])).toEqual([
      [1, 256],
      [3, 768],
    ]);
    for (const { speedUp, efficiency, workers, shares } of report.points) {
      expect(efficiency).toBeCloseTo(speedUp / workers, 12);
      for (const share of Object.values(shares)) expect(share).toBeGreaterThanOrEqual(0);
    }
    expect(report.projection.at(-1)).toMatchObject({ workers: 128, batchSize: 128 * 256 });
  });

  it.each([
    [['--workers', '1,x'], /--workers: expected a whole number from 1 to 1024, got "x"/],
    [['--mode', 'fast'], /unknown --mode "fast", expected one of strong, weak/],
    [
      ['--mode', 'weak', '--workers', '64'],
      /weak scaling to 64 workers needs a batch of 16384 rows, and the table has 3200/,
    ],
    [['--epochs', '3'], /unknown option '--epochs'/],
    [
      ['--learning-rate', '1e30', '--optimizer', 'sgd'],
      /the loss of step \d+ is not finite, so there is nothing to time/,
    ],
  ])('refuses %j in one line', async (more, message) => {
    const { code, stderr } = await runCli(args(...more), folder);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(/not finite/.test(stderr) ? 3 : 2);
  });
});
