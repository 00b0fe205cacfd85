/**
 * What a user can get wrong, row by row: the program says in one line what is wrong and what to do, exits with 2, and leaves
 * nothing behind. A case is one line of the table below.
 */
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, runCli } from './run-cli.js';
import { writeArrowFile } from './tables.js';

interface BadInput {
  readonly name: string;
  readonly args: readonly string[];
  /** Must all appear in the one line. */
  readonly words: readonly string[];
}

const train = (...args: string[]): string[] => ['train', ...args];
/** On a table that is good, so that the rest of the arguments is what is wrong. */
const good = (...args: string[]): string[] => train('good.arrow', '--target', 'y', '--workers', '1', ...args);

const BAD_INPUTS: readonly BadInput[] = [
  // files
  { name: 'no such file', args: train('absent.parquet', '--target', 'y'), words: ['no such file', 'absent.parquet'] },
  { name: 'a folder', args: train('folder.arrow', '--target', 'y'), words: ['folder.arrow', 'directory'] },
  { name: 'no such files', args: train('absent*.csv', '--target', 'y'), words: ['no file matches absent*.csv'] },
  {
    name: 'files of two formats',
    args: train('good.arrow', 'zero-rows.parquet', '--target', 'y'),
    words: ['good.arrow is Arrow IPC and zero-rows.parquet is Parquet'],
  },
  {
    name: 'files of other columns',
    args: train('good.arrow', 'bad.arrow', '--target', 'y'),
    words: ['bad.arrow has no column "x"', 'good.arrow'],
  },
  {
    name: 'a query that is none',
    args: train('--query', 'SELECT x FRM y', '--target', 'y'),
    words: ['the query cannot be run', 'yntax error'],
  },
  {
    name: 'a query of a table that is not there',
    args: train('--query', 'SELECT * FROM nothing', '--target', 'y'),
    words: ['the query cannot be run', 'nothing'],
  },
  { name: 'two queries', args: train('--query', 'SELECT 1; SELECT 2', '--target', 'y'), words: ['2 statements'] },
  {
    name: 'a query that would change something',
    args: train('--query', 'CREATE TABLE t (x INT)', '--target', 'y'),
    words: ['the query cannot be run', 'SELECT'],
  },
  { name: 'files and a query', args: good('--query', 'SELECT 1'), words: ['<data> and --query', 'both'] },
  { name: 'an unknown format', args: good('--format', 'xlsx'), words: ['--format', '"xlsx"', 'parquet, arrow, csv'] },
  { name: 'standard input of no format', args: train('-', '--target', 'y'), words: ['standard input', '--format'] },
  {
    name: 'standard input without anything in it',
    args: train('-', '--format', 'csv', '--target', 'y'),
    words: ['standard input', 'names of its columns'],
  },
  {
    name: 'a text file as another format',
    args: train('notes.txt', '--format', 'parquet', '--target', 'y'),
    words: ['notes.txt is not a Parquet file'],
  },
  {
    name: 'an unknown extension',
    args: train('notes.txt', '--target', 'y'),
    words: ['notes.txt', '.parquet', '.arrow'],
  },
  { name: 'not a Parquet file', args: train('not-parquet.parquet', '--target', 'y'), words: ['not a Parquet file'] },
  { name: 'a truncated Parquet file', args: train('truncated.parquet', '--target', 'y'), words: ['truncated'] },
  { name: 'a truncated Arrow file', args: train('truncated.arrow', '--target', 'y'), words: ['truncated'] },
  { name: 'zero rows', args: train('zero-rows.parquet', '--target', 'y'), words: ['zero-rows.parquet', 'no rows'] },
  { name: 'a test table without a column', args: good('--test', 'bad.arrow'), words: ['bad.arrow', 'no column "x"'] },
  { name: 'no such test file', args: good('--test', 'absent.arrow'), words: ['no such file', 'absent.arrow'] },
  {
    name: 'no such file of weights',
    args: good('--init', 'no.safetensors'),
    words: ['no such file', 'no.safetensors'],
  },
  {
    name: 'weights of another kind',
    args: good('--init', 'notes.txt'),
    words: ['notes.txt', 'not a safetensors file'],
  },
  {
    name: 'an output folder that is a file',
    args: good('--runs-dir', 'notes.txt'),
    words: ['cannot write', 'notes.txt'],
  },
  { name: 'an output folder below a file', args: good('--runs-dir', 'notes.txt/runs'), words: ['cannot write'] },

  // columns
  { name: 'no target', args: train('good.arrow'), words: ['--target', 'expected a column name'] },
  { name: 'an unknown target', args: train('good.arrow', '--target', 'pricee'), words: ['"pricee"', 'mean "price"'] },
  { name: 'an unknown feature', args: good('--features', 'colour'), words: ['"colour"', 'mean "color"'] },
  { name: 'an unknown column to exclude', args: good('--exclude', 'x,colour'), words: ['"colour"', 'mean "color"'] },
  { name: 'the target as a feature', args: good('--features', 'y'), words: ['"y"', 'feature'] },
  { name: 'no feature left', args: good('--exclude', 'x,color,price'), words: ['no column left'] },
  { name: 'weights that are words', args: good('--weight-column', 'color'), words: ['weight', '"color"'] },

  // values
  { name: 'a target that is all missing', args: train('bad.arrow', '--target', 'void'), words: ['"void"', 'missing'] },
  {
    name: 'words as the target of a regression',
    args: train('bad.arrow', '--target', 'word', '--task', 'regression'),
    words: ['"word"', 'regression'],
  },
  { name: 'one class only', args: train('bad.arrow', '--target', 'same'), words: ['"same"', 'one'] },
  {
    name: 'an infinite feature',
    args: train('bad.arrow', '--target', 'fine', '--features', 'huge'),
    words: ['"huge"', 'Infinity', 'row 7'],
  },
  { name: 'an infinite target', args: train('bad.arrow', '--target', 'huge'), words: ['"huge"', 'row 7'] },
  {
    name: 'counts below 0',
    args: train('bad.arrow', '--target', 'debts', '--features', 'fine', '--loss', 'poisson'),
    words: ['"debts"', 'negative in 2 rows', 'first in row 4', 'another loss'],
  },
  {
    name: 'a quantile that nothing reads',
    args: good('--quantile', '0.9'),
    words: ['quantile', 'loss mse', 'loss quantile'],
  },
  {
    name: 'patience without held-out rows',
    args: good('--patience', '3', '--validation', '0'),
    words: ['--patience', '--validation is 0'],
  },
  {
    name: 'rows without a target',
    args: train('bad.arrow', '--target', 'holes', '--features', 'fine'),
    words: ['"holes"', '3 of 20 rows', '--drop-missing-target'],
  },

  {
    name: 'weights that are all 0',
    args: train('bad.arrow', '--target', 'fine', '--features', 'word', '--weight-column', 'zero', '--quiet'),
    words: ['weight 0', '--weight-column'],
  },

  // options
  { name: 'a negative rate', args: good('--learning-rate', '-1'), words: ['--learning-rate', 'above 0', '-1'] },
  { name: 'a batch of 0', args: good('--batch-size', '0'), words: ['--batch-size', 'at least 1', 'got 0'] },
  { name: 'three shards', args: good('--shards', '3'), words: ['--shards', 'power of two', 'got 3'] },
  { name: 'no workers', args: good('--workers', '0'), words: ['--workers', 'got 0'] },
  {
    name: 'an unknown activation',
    args: good('--activation', 'rellu'),
    words: ['--activation', 'Did you mean "relu"?'],
  },
  { name: 'a loss of another task', args: good('--loss', 'bce'), words: ['loss bce', 'regression', 'mse'] },
  { name: 'an unknown option', args: good('--lerning-rate', '1'), words: ['--lerning-rate', '--learning-rate'] },
  { name: 'an option without its value', args: good('--epochs'), words: ['--epochs', 'missing'] },
  { name: 'no table', args: train('--target', 'y'), words: ['missing', 'data'] },
  { name: 'an unknown command', args: ['trian', 'good.arrow'], words: ['trian', 'See paragrad --help'] },
  { name: 'no command', args: [], words: ['no command', '--help'] },

  // other commands
  { name: 'a model that is not there', args: ['evaluate', 'absent', 'good.arrow'], words: ['no such file', 'absent'] },
  { name: 'a run without a model', args: ['evaluate', 'folder.arrow', 'good.arrow'], words: ['no model.safetensors'] },
  {
    name: 'a table as a model',
    args: ['predict', 'good.arrow', 'good.arrow', '--out', 'p.csv'],
    words: ['good.arrow'],
  },
  { name: 'predictions to nowhere', args: ['predict', 'm', 'good.arrow'], words: ['--out'] },
  {
    name: 'predictions in an unknown format',
    args: ['predict', 'm', 'good.arrow', '--out', 'p.xlsx'],
    words: ['--out', '.csv', 'p.xlsx'],
  },
  { name: 'nothing to inspect', args: ['inspect', 'absent.arrow'], words: ['no such file', 'absent.arrow'] },
];

let folder: string;
let before: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-bad-input-'));
  for (const name of ['not-parquet.parquet', 'truncated.parquet', 'truncated.arrow', 'zero-rows.parquet']) {
    await copyFile(fileURLToPath(new URL(`../tables/${name}`, import.meta.url)), join(folder, name));
  }
  const rows = Array.from({ length: 20 }, (_, r) => r);
  await writeArrowFile(join(folder, 'good.arrow'), {
    x: rows,
    color: rows.map((r) => (r % 2 ? 'red' : 'blue')),
    price: rows.map((r) => r * r),
    y: rows.map((r) => 2.5 * r),
  });
  await writeArrowFile(join(folder, 'bad.arrow'), {
    fine: rows.map((r) => r / 2),
    void: rows.map(() => null),
    word: rows.map((r) => `word ${r % 3}`),
    same: rows.map(() => 'always'),
    zero: rows.map(() => 0),
    debts: rows.map((r) => (r % 10 === 4 ? -r : r)),
    huge: rows.map((r) => (r === 7 ? Number.POSITIVE_INFINITY : r / 3)),
    holes: rows.map((r) => (r === 2 ? null : r === 5 || r === 6 ? Number.NaN : r / 3)),
  });
  await writeFile(join(folder, 'notes.txt'), 'not a table\n');
  await mkdir(join(folder, 'folder.arrow'));
  before = (await readdir(folder, { recursive: true })).sort();
});
afterAll(() => rm(folder, { recursive: true }));

/** The cases run side by side, one chain of them per core; each is looked at in its own test. */
const outcomes = new Map<string, Promise<Outcome>>();
beforeAll(() => {
  const chains: Promise<unknown>[] = new Array(availableParallelism()).fill(Promise.resolve());
  for (const [i, { name, args }] of BAD_INPUTS.entries()) {
    const outcome = chains[i % chains.length].then(() => runCli(args, folder));
    chains[i % chains.length] = outcome.catch(() => undefined);
    outcomes.set(name, outcome);
  }
});

describe('bad input', () => {
  it.each(BAD_INPUTS)('$name', async ({ name, words }) => {
    const { code, stdout, stderr } = await outcomes.get(name)!;
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    for (const word of words) expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/\bat .+:\d+|undefined|\[object|NaN rows/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('leaves nothing behind', async () => {
    await Promise.all(outcomes.values());
    // Two cases at once may leave the folder of runs, which only the one that made it removes; it must be empty.
    expect((await readdir(folder, { recursive: true })).filter((path) => path !== 'runs').sort()).toEqual(before);
  });

  it('is one JSON object on standard output with --json, besides the line', async () => {
    for (const args of [train('absent.arrow', '--target', 'y', '--json'), train('--json', '--no-such-option')]) {
      const { code, stdout, stderr } = await runCli(args, folder);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
      expect(stdout).toMatch(/^[^\n]+\n$/);
      expect(JSON.parse(stdout)).toMatchObject({
        type: 'error',
        code: expect.any(String),
        message: expect.any(String),
      });
    }
  });

  it('shows where an error arose with --verbose only', async () => {
    const { stderr } = await runCli(train('absent.arrow', '--target', 'y', '--verbose'), folder);
    expect(stderr).toMatch(/\n +at .+\.js:\d+/);
  });
});
