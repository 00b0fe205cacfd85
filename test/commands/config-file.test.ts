import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeConfigs, readConfigFile } from '../../src/train/config-file.js';
import type { StartEvent } from '../../src/train/events.js';
import { type Outcome, runCli } from './run-cli.js';

const data = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const startOf = ({ stdout }: Outcome): StartEvent =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .find(({ type }) => type === 'start');

describe('a config file', () => {
  it('loses to flags, wins over the preset, and says with which values the run goes', async () => {
    const config = await file(
      'run.yaml',
      `# what is trained\ndata: ${data}\ntarget: price\npreset: fast\ndropout: 0.4\nlearningRate: 0.02\nvalidation: 0.25\n`,
    );
    const flags = ['--config', config, '--learning-rate', '0.005', '--steps', '3', '--json'];
    const outcome = await runCli(['train', ...flags], folder);
    expect(outcome.code, outcome.stderr).toBe(0);
    const start = startOf(outcome);
    const expected = {
      preset: 'fast',
      dropout: 0.4,
      learningRate: 0.005,
      validation: 0.25,
      activation: 'mish',
      beta2: 0.95,
    };
    expect(start.config).toMatchObject(expected);
    const written = join(folder, start.runDir, 'config.json');
    expect(JSON.parse(await readFile(written, 'utf8'))).toEqual(start.config);

    const again = await runCli(['train', '--config', written, '--workers', '3', '--json'], folder);
    expect(startOf(again).config).toEqual({ ...start.config, workers: 3 });
    const hash = (of: Outcome) => JSON.parse(of.stdout.trim().split('\n').at(-1)!).weightsSha256;
    expect(hash(again)).toBe(hash(outcome));
  });

  it('names itself where one of its values is refused, and the flag where that is', async () => {
    const config = await file('bad.yml', `data: ${data}\ntarget: price\nlearningRate: fast\n`);
    const refused = await runCli(['train', '--config', config], folder);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`learningRate of ${config}: expected a number above 0, got "fast"`);
    const flag = await runCli(['train', '--config', config, '--learning-rate', '0'], folder);
    expect(flag.stderr).toContain('--learning-rate: expected a number above 0, got 0');
  });

  it('may be JSON, and an empty one is refused', async () => {
    expect(await readConfigFile(await file('a.json', '{"target": "y", "hidden": [4]}'))).toEqual({
      target: 'y',
      hidden: [4],
    });
    await expect(readConfigFile(await file('empty.yaml', '# nothing\n'))).rejects.toThrow(
      /expected options with their values/,
    );
    await expect(readConfigFile(await file('list.json', '[]'))).rejects.toThrow(/expected options/);
  });

  it.each([
    ['typo.yaml', 'lerningRate: 1\n', /typo\.yaml: unknown option "lerningRate"/, 'Did you mean "learningRate"?'],
    ['far.yaml', 'colour: red\n', /far\.yaml: unknown option "colour"/, undefined],
    ['twice.yaml', 'seed: 1\nseed: 2\n', /twice\.yaml: Map keys must be unique at line 2, column 1/, undefined],
    ['torn.json', '{"seed": ', /torn\.json: /, undefined],
  ])('is refused by name: %s', async (name, text, message, hint) => {
    const reading = readConfigFile(await file(name, text));
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ code: 'bad_config', exitCode: 2, hint });
  });

  it('that is not there is refused', async () => {
    await expect(readConfigFile('nowhere.yaml')).rejects.toMatchObject({ code: 'no_such_file' });
  });

  it('gives way to a table that is named on the spot', () => {
    const held = { data: 'a.csv', format: 'csv', target: 'y' } as const;
    expect(mergeConfigs(held, { query: 'SELECT 1' })).toEqual({ query: 'SELECT 1', target: 'y' });
    expect(mergeConfigs(held, { seed: 3 })).toEqual({ ...held, seed: 3 });
  });
});
