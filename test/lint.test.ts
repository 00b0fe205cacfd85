/** The linter refuses inexact arithmetic in the folders whose results reach the weights. (biome.json, lint/) */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');

/** A project of its own with our configuration, so that nothing is planted in the real one. */
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'paragrad-lint-'));
  for (const path of ['biome.json', 'lint']) cpSync(join(root, path), join(project, path), { recursive: true });
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function lint(path: string, text: string): { status: number | null; output: string } {
  mkdirSync(join(project, dirname(path)), { recursive: true });
  writeFileSync(join(project, path), text);
  const run = spawnSync(process.execPath, [biome, 'lint', '--vcs-enabled=false', path], {
    cwd: project,
    encoding: 'utf8',
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

const FOLDERS = ['memory', 'random', 'kernels', 'nn', 'data', 'parallel'];
const INEXACT = `
export const a = Math.exp(1);
export const b = Math.random();
export const c = 2 ** 3;
export const d = (globalThis.name **= 3);
`;

test.each(FOLDERS)('src/%s: no transcendental, no Math.random, no power', (folder) => {
  const { status, output } = lint(`src/${folder}/planted.ts`, INEXACT);
  const complaints = [...output.matchAll(/planted\.ts:(\d+):\d+ (plugin|lint\/nursery\/noJsRestrictedProperties)/g)];
  expect(complaints.map(([, line]) => Number(line)).sort()).toEqual([2, 3, 4, 5]);
  expect(status).toBe(1);
});

test('exact arithmetic is accepted there, and any elsewhere', () => {
  expect(lint('src/nn/planted.ts', 'export const a = Math.sqrt(Math.abs(2)) * 3;\n').status).toBe(0);
  for (const path of ['src/train/planted.ts', 'src/kernels/reference.ts', 'src/kernels/references-by-name.ts']) {
    expect(lint(path, 'export const a = Math.exp(1) * Math.random();\n').status).toBe(0);
  }
});
