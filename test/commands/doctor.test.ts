/** gradcheck, doctor and lr-find as a user runs them: what they print, and how they end. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { train } from '../../src/train/run.js';
import { runCli } from './run-cli.js';

const data = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-doctor-cli-'));
  const module = (gradient: string) =>
    `export const loss = (p, y) => (p - y) ** 2; export const gradient = (p, y) => ${gradient};`;
  await writeFile(join(folder, 'right.mjs'), module('2 * (p - y)'));
  await writeFile(join(folder, 'wrong.mjs'), module('2 * (y - p)'));
});
afterAll(() => rm(folder, { recursive: true }));

const lines = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const small = ['--target', 'price', '--hidden', '8', '--quiet'];

describe('several quantiles', () => {
  const quantiles = ['--loss', 'quantile', '--quantile', '0.1,0.5,0.9'];

  it('are taken by the doctor for what they are', async () => {
    const { code, stdout } = await runCli(['doctor', data, ...small, ...quantiles, '--json'], folder);
    expect(code).toBe(0);
    const { start } = lines(stdout).at(-1);
    expect(start.firstLoss).toBeLessThan(10 * start.constantLoss);
  });
});

describe('gradcheck', () => {
  it('checks every built-in loss with an activation, all right', async () => {
    const { code, stdout } = await runCli(['gradcheck', '--activation', 'tanh', '--json'], folder);
    expect(code).toBe(0);
    const [{ checks }] = lines(stdout);
    expect(checks.length).toBeGreaterThan(5);
    for (const check of checks) expect(check).toMatchObject({ activation: 'tanh', verdict: 'right' });
  });

  it('says of a right module that it is right', async () => {
    const { code, stdout } = await runCli(['gradcheck', '--loss', 'right.mjs'], folder);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'right.mjs: right on 300 predictions\n' });
  });

  it('names the cause of a wrong one, with the edit, and ends with 2', async () => {
    const { code, stdout, stderr } = await runCli(['gradcheck', '--loss', 'wrong.mjs'], folder);
    expect(code).toBe(2);
    expect(stdout).toMatch(/gradient_sign: your gradient is -1\.00 x the true one.*\n.*did you write y - prediction/);
    expect(stderr).toMatch(
      /^error: the gradient of wrong\.mjs is not that of its loss: .*Negate what "gradient" returns[^\n]*\n$/,
    );
  });

  it.each([
    [['--loss', 'nothing'], /unknown --loss "nothing"/],
    [['--rows', '2'], /Expected a whole number of at least 8/],
  ])('refuses %j', async (args, words) => {
    const { code, stderr } = await runCli(['gradcheck', ...args], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
  });
});

describe('doctor', () => {
  it('finds nothing wrong with the sample', async () => {
    const { code, stdout } = await runCli(['doctor', data, ...small, '--json'], folder);
    expect(code).toBe(0);
    const findings = lines(stdout).filter(({ type }) => type === 'finding');
    expect(findings.every(({ severity }) => severity === 'info')).toBe(true);
  });

  it('names a rate that is too large and one that holds, and ends with 2', async () => {
    const args = ['doctor', data, ...small, '--optimizer', 'sgd', '--learning-rate', '5', '--json'];
    const { code, stdout, stderr } = await runCli(args, folder);
    expect(code).toBe(2);
    const [finding] = lines(stdout).filter(({ severity }) => severity === 'error');
    expect(finding).toMatchObject({ code: 'rate_too_large', values: { configured: 5 } });
    expect(finding.values.suggested).toBeLessThan(1);
    expect(stderr).toMatch(/rate_too_large/);
  });

  it('takes the options of a run from its directory', async () => {
    const { runDir } = await train({
      data,
      target: 'price',
      hidden: [8],
      epochs: 1,
      learningRate: 1e-7,
      runsDir: folder,
    }).result;
    const { code, stdout } = await runCli(['doctor', runDir, '--json'], folder);
    expect(code).toBe(0);
    expect(lines(stdout).map((line) => line.code)).toContain('rate_too_small');
  });

  it('takes a folder that is no run for one of tables', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const { code, stderr } = await runCli(['doctor', empty, '--target', 'y'], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(/is a directory with no table in it/);
  });
});

it('lr-find suggests a rate, draws it, and prints the command', async () => {
  const { code, stdout } = await runCli(['lr-find', data, ...small, '--plot', 'plot.svg', '--apply'], folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/steepest fall.*\na third of the minimum.*\nhalf of what the curvature bears.*\ntake/);
  expect(stdout).toMatch(/\nparagrad train \S+houses\.parquet --target price --hidden 8 --learning-rate [\d.e-]+\n$/);
  const svg = await readFile(join(folder, 'plot.svg'), 'utf8');
  expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
  for (const words of ['learning rate', 'loss of the same rows', 'half of what the curvature bears: ']) {
    expect(svg).toContain(words);
  }
});
