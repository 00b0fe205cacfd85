import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planOrder } from '../../src/data/order.js';
import { resolveConfig } from '../../src/train/config.js';
import { describeEnvironment } from '../../src/train/environment.js';
import { createRunDirectory } from '../../src/train/run-directory.js';
import { settleConfig } from '../../src/train/settle.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-runs-'));
});
afterAll(() => rm(folder, { recursive: true }));

const fresh = () => mkdtemp(join(folder, 'case-'));

describe('createRunDirectory', () => {
  it('counts on from the greatest number of this very name', async () => {
    const runs = await fresh();
    for (const other of ['houses-2', 'houses-10', 'houses-x', 'houses-011', 'houses-big-40', 'boats-50']) {
      await mkdir(join(runs, other));
    }
    expect(basename((await createRunDirectory(runs, 'houses')).path)).toBe('houses-11');
    expect(basename((await createRunDirectory(runs, 'houses')).path)).toBe('houses-12');
    expect(basename((await createRunDirectory(runs, 'h.*s')).path)).toBe('h.*s-1');
  });

  it('gives each of many that ask at once its own', async () => {
    const runs = join(await fresh(), 'deep', 'runs');
    const made = await Promise.all(Array.from({ length: 20 }, () => createRunDirectory(runs, 'a')));
    expect(new Set(made.map(({ path }) => path)).size).toBe(20);
    expect((await readdir(runs)).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `a-${i + 1}`).sort());
  });

  it('stands others that remove the folder as soon as it is empty', async () => {
    const runs = join(await fresh(), 'runs');
    let done = false;
    const removing = (async () => {
      for (; !done; await setTimeout(1)) await rmdir(runs).catch(() => undefined);
    })();
    for (let i = 0; i < 100; i++) await (await createRunDirectory(runs, 'a')).discard();
    done = true;
    await removing;
  });

  it('says in one line that a place cannot be written', async () => {
    const base = await fresh();
    const file = join(base, 'file');
    await writeFile(file, '');
    await expect(createRunDirectory(file, 'a')).rejects.toMatchObject({
      code: 'not_writable',
      exitCode: 2,
      message: `cannot write a run directory in ${file}: a file of this name is in the way`,
    });
    await expect(createRunDirectory(join(file, 'runs'), 'a')).rejects.toThrow('a part of the path is a file');
  });
});

describe('a run directory', () => {
  it('holds config and environment as JSON, and a line of metrics each', async () => {
    const run = await createRunDirectory(await fresh(), 'a');
    const rowOrder = planOrder(100, 8);
    const resolved = resolveConfig({ data: 'a.arrow', target: 'y' });
    const config = settleConfig(resolved, { task: 'regression', trainRows: 80, validationRows: 20 });
    await run.writeConfig(config);
    const environment = describeEnvironment({ name: 'wasm-fma', arithmetic: 'fma' }, rowOrder);
    await run.writeEnvironment(environment);
    for (const epoch of [1, 2, 3]) run.appendMetrics({ epoch });
    expect(JSON.parse(await readFile(join(run.path, 'config.json'), 'utf8'))).toEqual(config);
    expect(JSON.parse(await readFile(join(run.path, 'environment.json'), 'utf8'))).toEqual(environment);
    expect(environment).toMatchObject({ node: process.versions.node, kernels: 'wasm-fma' });
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(environment.paragrad).toBe(manifest.version);
    expect(await readFile(join(run.path, 'metrics.jsonl'), 'utf8')).toBe('{"epoch":1}\n{"epoch":2}\n{"epoch":3}\n');
    expect((await readdir(run.path)).sort()).toEqual(['config.json', 'environment.json', 'metrics.jsonl']);
  });

  it('leaves no trace when it is discarded', async () => {
    const base = await fresh();
    const run = await createRunDirectory(join(base, 'deep', 'runs'), 'a');
    run.appendMetrics({ epoch: 1 });
    await run.discard();
    expect(await readdir(base)).toEqual([]);
  });

  it('leaves what others put beside it', async () => {
    const base = await fresh();
    const runs = join(base, 'runs');
    const run = await createRunDirectory(runs, 'a');
    await createRunDirectory(runs, 'b');
    await run.discard();
    expect(await readdir(runs)).toEqual(['b-1']);
  });
});
