/** Each rule of rules.ts sees what it is for: planted violations in a small repository that otherwise keeps all rules. */
import { describe, expect, test } from 'vitest';
import * as rules from './rules.js';

const KEPT = {
  'package.json': JSON.stringify({ dependencies: { '@a/b': '1.0.0' }, devDependencies: { c: '1.2.3-r.1' } }),
  'docs/decisions/a-b.md': 'Why.',
  'docs/decisions/c.md': 'Why.',
  'src/errors.ts': 'export const e = 1;',
  'src/memory/layout.ts': "import { e } from '../errors.js'; export const l = Math.sqrt(e); // 2 ** 3, Math.exp",
  'src/kernels/assembly/index.ts': '@inline function f(x: f32): f32 { return x * x; } // no Math.exp, no **',
  'src/kernels/reference.ts': 'export const oracle = Math.exp(1) ** 2;',
  'src/kernels/references-by-name.ts': 'export const tanh = Math.tanh;',
  'src/nn/network.ts': "import { l } from '../memory/layout.js'; export const n = l;",
  'src/data/duckdb.ts':
    "import type { J } from '@duckdb/node-api'; export const d = (): J => import('@duckdb/node-api');",
  'src/data/tasks.ts': "import { d } from './duckdb.js'; export const t = d;",
  'src/train/run.ts': "import { n } from '../nn/network.js'; export const r = n * Math.exp(2);",
  'src/index.ts': "export { r } from './train/run.js';",
  'workers/train.ts': "import { t } from '../src/data/tasks.js'; t();",
  'data/table.parquet': null,
};

/** [path, its text, what the rule must say of it] */
type Planted = readonly [string, string | null, string];

/** Split, so that this file keeps the rule about machine paths itself. */
const HOME = `/${'home'}/ada/`;
const HOST = `${'registry'}.npm`;

const PLANTED: Readonly<Record<keyof typeof rules, readonly Planted[]>> = {
  importsRunDownward: [
    ['src/memory/x.ts', "import '../nn/network.js';", 'src/memory/x.ts imports src/nn/network.ts'],
    ['src/nn/x.ts', "import type { R } from '../train/run.js';", 'src/nn/x.ts imports src/train/run.ts'],
    ['src/nn/y.ts', "await import('../train/run.js');", 'src/nn/y.ts imports src/train/run.ts'],
    ['src/nn/z.ts', "type T = import('../train/run.js').R;", 'src/nn/z.ts imports src/train/run.ts'],
    ['src/nn/x.ts', "import '../data/tasks.js';", 'src/nn/x.ts imports src/data/tasks.ts'],
    ['src/data/x.ts', "export { n } from '../nn/network.js';", 'src/data/x.ts imports src/nn/network.ts'],
    ['src/nn/x.ts', "import '../../test/helpers.js';", 'src/nn/x.ts imports test/helpers.ts'],
    ['src/utils/x.ts', '', 'src/utils/x.ts has no place in the import order'],
  ],
  nothingImportsWorkers: [
    ['src/train/x.ts', "import '../../workers/train.js';", 'src/train/x.ts imports workers/train.ts'],
    ['test/x.test.ts', "await import('../workers/train.js');", 'test/x.test.ts imports workers/train.ts'],
  ],
  noImportCycles: [
    [
      'src/errors.ts',
      "import type { N } from './nn/network.js';",
      'src/errors.ts -> src/nn/network.ts -> src/memory/layout.ts -> src/errors.ts',
    ],
    ['src/nn/x.ts', "import './x.js';", 'src/nn/x.ts -> src/nn/x.ts'],
  ],
  onlyIndexReexports: [
    ['src/nn/index.ts', "export * from './network.js';", 'src/nn/index.ts re-exports ./network.js'],
    ['src/nn/x.ts', "export type { R } from './network.js';", 'src/nn/x.ts re-exports ./network.js'],
  ],
  duckdbStaysInTheCoordinator: [
    ['src/parallel/x.ts', "import '@duckdb/node-api';", 'src/parallel/x.ts imports @duckdb/node-api'],
    ['workers/x.ts', "await import('@duckdb/node-api');", 'workers/x.ts imports @duckdb/node-api'],
    ['src/nn/x.ts', "const x = () => require('@duckdb/node-api');", 'src/nn/x.ts imports @duckdb/node-api'],
    // An inline `type` leaves the import itself standing.
    [
      'src/data/duckdb.ts',
      "import { type J } from '@duckdb/node-api';",
      'workers load @duckdb/node-api through src/data/duckdb.ts',
    ],
  ],
  bitsAreExact: [
    ['src/nn/x.ts', 'Math.exp(1);', 'src/nn/x.ts uses Math.exp'],
    ['src/data/x.ts', 'Math.random();', 'src/data/x.ts uses Math.random'],
    ['src/random/x.ts', 'export const x = 2 ** 3;', 'src/random/x.ts uses **'],
    ['src/random/y.ts', 'let x = 2; x **= 3;', 'src/random/y.ts uses **='],
    ['src/parallel/x.ts', 'const { log } = Math;', 'src/parallel/x.ts uses Math'],
    ['src/memory/x.ts', "Math['log'](2);", 'src/memory/x.ts uses Math'],
    ['src/memory/y.ts', 'globalThis.Math.log(2);', 'src/memory/y.ts uses Math'],
    ['src/kernels/assembly/x.ts', '@inline f(Mathf.exp(1));', 'src/kernels/assembly/x.ts uses Mathf.exp'],
  ],
  filesAreShort: [
    ['src/nn/x.ts', '\n'.repeat(401), 'src/nn/x.ts has 401 lines; at most 400'],
    ['workers/x.ts', '\n'.repeat(60), 'workers/x.ts has 60 lines; at most 59'],
  ],
  dependenciesArePinned: [
    ['package.json', '{ "dependencies": { "c": "^1.2.3" } }', 'c is not pinned: "^1.2.3"'],
    ['package.json', '{ "devDependencies": { "c": "latest" } }', 'c is not pinned: "latest"'],
  ],
  dependenciesAreExplained: [
    ['package.json', '{ "dependencies": { "@x/y": "1.0.0" } }', 'docs/decisions/x-y.md is missing'],
  ],
  noMachinePaths: [
    ['bench/x.mjs', `read('${HOME}t.csv');`, `bench/x.mjs names ${HOME}`],
    ['package-lock.json', `https://${HOST}js.org/c`, `package-lock.json names ${HOST}`],
  ],
  noGeneratedFiles: [
    ['test/x.wasm', null, 'test/x.wasm is generated'],
    ['dist/src/errors.js', 'export {};', 'dist/src/errors.js is generated'],
    ['bench/x.bin', null, 'bench/x.bin is binary'],
  ],
};

describe.each(Object.entries(rules))('%s', (name, rule) => {
  const tree = (change: Record<string, string | null>): rules.Tree => new Map(Object.entries({ ...KEPT, ...change }));

  test('accepts a repository that keeps it', () => {
    expect(rule(tree({}))).toEqual([]);
  });

  test.each(PLANTED[name as keyof typeof rules])('sees %s holding %j: %s', (path, text, violation) => {
    expect(rule(tree({ [path]: text }))).toEqual([violation]);
  });
});
