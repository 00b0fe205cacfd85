/**
 * Interruptions at every stage of train, predict and evaluate: the process ends soon, with 130 and one line, and leaves nothing
 * half-written. And worker threads that die under a command: exit code 1, one line that names the worker, no hang, no crash.
 * Moments are forced by test/faults/moments.mjs inside the process.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { train } from '../../src/train/run.js';
import { writeArrow } from '../data/tables.js';
import { CLI } from './run-cli.js';

/** A second is promised; on a machine that does other things too, this. */
const SOON_MS = 4000;
const MOMENTS = new URL('../faults/moments.mjs', import.meta.url).href;
const samples = (name: string) => fileURLToPath(new URL(`../../data/${name}`, import.meta.url));

interface Case {
  readonly args: readonly string[];
  /** See test/faults/moments.mjs. */
  readonly at: string;
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** From the forced moment to the end. */
  readonly milliseconds: number;
  /** What is in the folder that it ran in, and in its folder for temporary files. */
  readonly left: readonly string[];
}

let folder: string;
let endings = 0;

/** Runs a command in an empty folder of its own, with a fault. */
async function run({ args, at }: Case, action: string): Promise<Ending> {
  const cwd = join(folder, `run-${endings++}`);
  const temporary = join(folder, `temporary-${endings}`);
  for (const path of [cwd, temporary]) await mkdir(path);
  const env = { ...process.env, FAULT_AT: at, FAULT_DO: action, TMPDIR: temporary };
  const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const;
  const child = spawn(process.execPath, ['--import', MOMENTS, CLI, ...args, '--workers', '2'], {
    cwd,
    env,
    stdio: [...stdio],
  });
  let forcedAt = Number.NaN;
  child.on('message', () => {
    forcedAt = performance.now();
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout!.resume();
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (...end) => resolve(end));
  });
  const milliseconds = performance.now() - forcedAt;
  const left = [...(await readdir(cwd, { recursive: true })), ...(await readdir(temporary))];
  return { code, signal, stderr, milliseconds, left };
}

const houses = ['--target', 'price', '--hidden', '8', '--quiet', '--json'];
const training = ['train', samples('houses.parquet'), ...houses];
const long = ['--epochs', '100000000'];
/** Paths in the folder of the test, which every command sees one level up. */
const [big, small] = [join('..', 'big.parquet'), join('..', 'small.parquet')];
const model = join('..', 'runs', 'model-1');
/** More rows than the coordinator reads alone. */
const range = Array.from({ length: 40_000 }, (_, row) => row);
const inParts = writeArrow({ x: range.map((row) => row % 101), y: range.map((row) => row % 11) }, 20_000);

const INTERRUPTIONS: Readonly<Record<string, Case>> = {
  'train, while a query runs': { args: ['train', big, '--target', 'y', '--quiet'], at: 'stream:1' },
  'train, while the workers read': {
    args: ['train', inParts, '--target', 'y', '--quiet'],
    at: 'task-data:1',
  },
  'train, before its first step': { args: [...training, ...long], at: 'event-start:1' },
  'train, while it trains': { args: [...training, ...long], at: 'event-step:2' },
  'train, while it scores': { args: [...training, ...long], at: 'task-forward:3' },
  'train, while it scores a test table': {
    args: ['train', small, '--target', 'y', '--steps', '1', '--test', big, '--quiet'],
    at: 'stream:6',
  },
  'train, while it writes its model': { args: [...training, '--steps', '1'], at: 'sync:5' },
  'predict, while a query runs': { args: ['predict', model, big, '--out', 'p.csv', '--quiet'], at: 'stream:1' },
  'predict, while the workers compute': {
    args: ['predict', model, big, '--out', 'p.csv', '--quiet'],
    at: 'task-forward:3',
  },
  'predict, while it writes CSV': { args: ['predict', model, big, '--out', 'p.csv', '--quiet'], at: 'append:3' },
  'predict, while it writes Arrow': { args: ['predict', model, big, '--out', 'p.arrow', '--quiet'], at: 'append:3' },
  'predict, while it writes Parquet': { args: ['predict', model, big, '--out', 'p.parquet', '--quiet'], at: 'copy:1' },
  'evaluate, while a query runs': { args: ['evaluate', model, big, '--quiet'], at: 'stream:2' },
  'evaluate, while the workers compute': { args: ['evaluate', model, big, '--quiet'], at: 'task-forward:1' },
};

const DEATHS: Readonly<Record<string, Case>> = {
  'train, after its first epoch': { args: [...training, ...long], at: 'event-epoch:1' },
  'train, in the middle of a segment': {
    args: [...training, '--hidden', '256,256,256', '--batch-size', '16', '--epochs', '1000'],
    at: 'event-step:1',
  },
  'train, while the workers read': {
    args: ['train', inParts, '--target', 'y', '--quiet'],
    at: 'task-data:1',
  },
  'predict, while the workers compute': {
    args: ['predict', model, big, '--out', 'p.parquet', '--quiet'],
    at: 'task-forward:3',
  },
  'evaluate, while the workers compute': { args: ['evaluate', model, big, '--quiet'], at: 'task-forward:1' },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-interrupt-'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const [name, rows] of [
    ['big', 200_000],
    ['small', 1000],
  ] as const) {
    const select = `SELECT r * 0.37 % 10 AS x, (r % 7)::VARCHAR AS kind, r % 11 AS y FROM range(${rows}) t(r)`;
    await connection.run(`COPY (${select}) TO '${join(folder, `${name}.parquet`)}' (FORMAT parquet)`);
  }
  connection.disconnectSync();
  instance.closeSync();
  const data = join(folder, 'small.parquet');
  await train({ data, target: 'y', steps: 1, hidden: [8], runsDir: join(folder, 'runs'), name: 'model' }).result;
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs cases side by side, one chain of them for each core. */
function runAll(
  cases: readonly (readonly [string, Case])[],
  actionOf: (i: number) => string,
): Map<string, Promise<Ending>> {
  const chains: Promise<unknown>[] = new Array(availableParallelism()).fill(Promise.resolve());
  return new Map(
    cases.map(([name, one], i) => {
      const ending = chains[i % chains.length].then(() => run(one, actionOf(i)));
      chains[i % chains.length] = ending.catch(() => undefined);
      return [name, ending];
    }),
  );
}

describe('an interruption', () => {
  const cases = Object.entries(INTERRUPTIONS);
  const actions = ['SIGINT', 'SIGTERM', 'SIGINT twice'];
  const action = (i: number) => actions[i % actions.length];
  let outcomes: Map<string, Promise<Ending>>;
  beforeAll(() => {
    outcomes = runAll(cases, action);
  });

  it.each(cases.map(([name], i) => [name, action(i)]))('of %s (%s)', async (name) => {
    const { code, signal, stderr, milliseconds, left } = await outcomes.get(name)!;
    expect(stderr).toMatch(/^error: [^\n]*interrupted\. Nothing was kept\.\n$/);
    expect({ code, signal, left }).toEqual({ code: 130, signal: null, left: [] });
    expect(milliseconds).toBeLessThan(SOON_MS);
  });
});

describe('a worker thread that dies under', () => {
  const cases = Object.entries(DEATHS);
  let outcomes: Map<string, Promise<Ending>>;
  beforeAll(() => {
    outcomes = runAll(cases, () => 'terminate');
  });

  it.each(cases.map(([name]) => name))('%s', async (name) => {
    const { code, signal, stderr, milliseconds, left } = await outcomes.get(name)!;
    expect(stderr).toMatch(/^error: (a )?worker [^\n]*failed: [^\n]*\n$/);
    expect({ code, signal, left }).toEqual({ code: 1, signal: null, left: [] });
    expect(milliseconds).toBeLessThan(SOON_MS);
  });
});
