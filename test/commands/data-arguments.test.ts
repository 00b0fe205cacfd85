/** Tables as a user names them: files, globs, queries, standard input; in every command that reads one. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI, type Outcome, runCli } from './run-cli.js';

let folder: string;
const rows = Array.from({ length: 200 }, (_, r) => r);
const line = (r: number) => `${(r * 37) % 101},${r % 3 ? '' : '"a, b"'},${3 * ((r * 37) % 101) + 1}`;
const csv = (part: readonly number[]) => `x,s,y\n${part.map(line).join('\n')}\n`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-data-arguments-'));
  await writeFile(join(folder, 'a.csv'), csv(rows.slice(0, 80)));
  await writeFile(join(folder, 'b.csv'), csv(rows.slice(80)));
  await writeFile(join(folder, 'all.csv'), csv(rows));
});
afterAll(() => rm(folder, { recursive: true }));

const OPTIONS = ['--target', 'y', '--hidden', '4', '--epochs', '2', '--workers', '1', '--json'];
const last = ({ stdout }: Outcome) => JSON.parse(stdout.trim().split('\n').at(-1)!);

describe('train', () => {
  it('reads several files, a glob and standard input alike', async () => {
    const sources: [string[], string?][] = [
      [['all.csv']],
      [['a.csv', 'b.csv']],
      [['[ab].csv']],
      [['-', '--format', 'csv'], csv(rows)],
      [['--query', "SELECT * FROM 'all.csv'"]],
    ];
    const outcomes = await Promise.all(
      sources.map(([args, input]) => runCli(['train', ...args, ...OPTIONS], folder, input)),
    );
    expect(outcomes.map(({ code }) => code)).toEqual(sources.map(() => 0));
    const hashes = outcomes.map((outcome) => last(outcome).weightsSha256);
    expect(new Set(hashes).size).toBe(1);
    expect(outcomes.map((outcome) => last(outcome).runDir)).toEqual([
      join('runs', 'all-1'),
      join('runs', 'a-1'),
      join('runs', '_ab_-1'),
      join('runs', 'stdin-1'),
      join('runs', 'query-1'),
    ]);
    const [, several, , piped, query] = outcomes.map(({ stdout }) => JSON.parse(stdout.split('\n')[0]));
    expect(several).toMatchObject({ type: 'start', data: 'a.csv and 1 more file' });
    expect(piped).toMatchObject({ type: 'start', data: 'standard input' });
    expect(query).toMatchObject({ type: 'warning', message: expect.stringContaining('no ORDER BY') });
    const config = JSON.parse(await readFile(join(folder, 'runs', 'query-1', 'config.json'), 'utf8'));
    expect(config).toMatchObject({ query: "SELECT * FROM 'all.csv'", target: 'y' });
  });
});

describe('of a model', () => {
  beforeAll(async () => {
    await runCli(['train', 'all.csv', ...OPTIONS, '--name', 'model'], folder);
  });

  it('predict and evaluate read the same', async () => {
    const predicted: string[] = [];
    for (const [i, [args, input]] of (
      [[['a.csv', 'b.csv']], [['-', '--format', 'csv'], csv(rows)], [['--query', "FROM 'all.csv'"]]] as [
        string[],
        string?,
      ][]
    ).entries()) {
      const out = `p${i}.csv`;
      const outcome = await runCli(['predict', 'runs/model-1', ...args, '--out', out], folder, input);
      expect(outcome).toMatchObject({ code: 0, stdout: `200 predictions in ${out}\n` });
      predicted.push(await readFile(join(folder, out), 'utf8'));
    }
    expect(new Set(predicted).size).toBe(1);
    const scores = await Promise.all([
      runCli(['evaluate', 'runs/model-1', 'all.csv', '--json'], folder),
      runCli(['evaluate', 'runs/model-1', '{a,b}.csv', '--json'], folder),
    ]);
    expect(last(scores[0])).toMatchObject({ rows: 200 });
    expect(last(scores[1])).toEqual(last(scores[0]));
  });

  it('inspect tells a run from a folder of tables', async () => {
    await mkdir(join(folder, 'lake', 'year=2024'), { recursive: true });
    await writeFile(join(folder, 'lake', 'year=2024', 'a.csv'), csv(rows));
    const table = last(await runCli(['inspect', 'lake', '--json'], folder));
    expect(table).toMatchObject({ kind: 'table', format: 'CSV', rows: 200 });
    expect(table.columns.map(({ name }: { name: string }) => name)).toEqual(['x', 's', 'y', 'year']);
    expect(last(await runCli(['inspect', 'runs/model-1', '--json'], folder))).toMatchObject({ kind: 'model' });
    expect(last(await runCli(['inspect', '--query', 'SELECT 1 AS one', '--json'], folder))).toMatchObject({ rows: 1 });
    const nothing = await runCli(['inspect'], folder);
    expect(nothing.stderr).toMatch(/^error: missing data: expected <data> or --query\./);
  });
});

it('a copy in the making is removed when the user interrupts', async () => {
  const temporary = join(folder, 'temporary');
  await mkdir(temporary);
  const query = 'SELECT sum(a.range * b.range) AS y FROM range(10000000) a, range(1000000) b';
  const child = spawn(process.execPath, [CLI, 'train', '--query', query, ...OPTIONS], {
    cwd: folder,
    env: { ...process.env, TMPDIR: temporary },
    stdio: 'ignore',
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  while ((await readdir(temporary)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  expect(await closed).toBe(130);
  expect(await readdir(temporary)).toEqual([]);
  expect(await readdir(join(folder, 'runs'))).not.toContain('query-2');
});
