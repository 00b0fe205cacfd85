/** doctor, lr-find and scale look at the run that train would make: the same rows, target, weights and refusals. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.js';

const ROWS = 200;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-as-training-'));
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const x = ((i * 37) % ROWS) / ROWS;
    const noise = (i * 7919) % 11;
    return [x, noise, Math.round(40 * x * x + noise), x + noise / 20 > 1 ? 'rare' : 'usual', i === 9 ? -1 : i].join();
  });
  await writeFile(join(folder, 'counts.csv'), ['x,z,count,kind,debt', ...rows].join('\n'));
});
afterAll(() => rm(folder, { recursive: true }));

const NET = ['--hidden', '6', '--activation', 'tanh', '--validation', '0', '--batch-size', 'full', '--quiet'];
const COUNTS = ['counts.csv', '--target', 'count', '--exclude', 'kind,debt', '--loss', 'poisson', ...NET];
const CLASSES = ['counts.csv', '--target', 'kind', '--exclude', 'count,debt', ...NET];

/** The last event that a command emits. */
async function lastEvent(args: readonly string[]) {
  const { code, stdout, stderr } = await runCli([...args, '--json'], folder);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

/** The loss of the first step of a training. */
async function firstLoss(args: readonly string[]): Promise<number> {
  const { runDir } = await lastEvent(['train', ...args, '--epochs', '1']);
  const lines = (await readFile(join(folder, runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line)).find(({ type }) => type === 'epoch').trainLoss;
}

describe('a Poisson loss', () => {
  it('is of the counts as they are', async () => {
    const trained = await firstLoss(COUNTS);
    const { start, findings } = await lastEvent(['doctor', ...COUNTS]);
    expect(findings).toBe(0);
    expect(start.firstLoss / trained).toBeCloseTo(1, 5);
    const { points } = await lastEvent(['lr-find', ...COUNTS]);
    expect(points[0].loss / trained).toBeCloseTo(1, 6);
  });

  it.each(['train', 'doctor', 'lr-find', 'scale'])('%s refuses counts below 0', async (command) => {
    const args = ['--target', 'debt', '--exclude', 'kind,count', '--loss', 'poisson', '--hidden', '4'];
    const { code, stderr } = await runCli([command, 'counts.csv', ...args], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(command === 'doctor' ? /wrong_loss/ : /target "debt" .*below 0|negative/);
  });
});

describe('class weights', () => {
  it.each(['balanced', '9,1'])('%s are those of the training', async (weights) => {
    const args = [...CLASSES, '--class-weights', weights];
    const trained = await firstLoss(args);
    const { points } = await lastEvent(['lr-find', ...args]);
    expect(points[0].loss / trained).toBeCloseTo(1, 6);
    expect(Math.abs(trained / (await firstLoss(CLASSES)) - 1)).toBeGreaterThan(1e-4);
  });

  it.each(['train', 'doctor', 'lr-find', 'scale'])('%s refuses too many', async (command) => {
    const { code, stderr } = await runCli([command, ...CLASSES, '--class-weights', '1,2,3'], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(/expected 2 class weights, one for each of rare, usual, got 3/);
  });
});
