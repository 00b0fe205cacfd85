import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readFileTimes, staleReason } from './freshness.js';

/** A built tree: sources at time 1, outputs at time 2. */
const BUILT = {
  'src/errors.ts': 1,
  'src/kernels/load.ts': 1,
  'src/kernels/assembly/index.ts': 1,
  'workers/train.ts': 1,
  'tsconfig.json': 1,
  'asconfig.json': 1,
  'dist/src/errors.js': 2,
  'dist/src/kernels/load.js': 2,
  'dist/workers/train.js': 2,
  'dist/kernels/wasm-fma.wasm': 2,
  'dist/kernels/wasm-strict.wasm': 2,
};
const ADDON = `dist/native/${process.platform}-${process.arch}.node`;
const reason = (change: Record<string, number>) => staleReason(new Map(Object.entries({ ...BUILT, ...change })));

describe('staleReason', () => {
  test('accepts outputs as new as their sources, or newer', () => {
    expect(reason({})).toBeNull();
    expect(reason({ 'src/errors.ts': 2, 'src/kernels/assembly/index.ts': 2, 'tsconfig.json': 2 })).toBeNull();
  });

  test.each([
    ['src/errors.ts', 'dist/src/errors.js'],
    ['workers/train.ts', 'dist/workers/train.js'],
    ['src/kernels/assembly/index.ts', 'dist/kernels/wasm-fma.wasm'],
    ['asconfig.json', 'dist/kernels/wasm-fma.wasm'],
    ['tsconfig.json', 'dist/src/errors.js'],
  ])('names the output when %s is newer', (source, output) => {
    expect(reason({ [source]: 3 })).toBe(`${output} is older than ${source}: run npm run build`);
  });

  test('sees one binary that was left behind', () => {
    expect(reason({ 'dist/kernels/wasm-strict.wasm': 0 })).toContain('wasm-strict.wasm is older');
  });

  test('sees a source that was never built, and a new file of the assembly', () => {
    expect(reason({ 'src/nn/new.ts': 1 })).toBe('dist/src/nn/new.js is missing: run npm run build');
    expect(reason({ 'src/kernels/assembly/new.ts': 3 })).toContain('is older than src/kernels/assembly/new.ts');
  });
});

describe('staleReason of the addon', () => {
  const sources = { 'src/kernels/native/panel.h': 3, 'src/kernels/native/native-addon.mjs': 3 };

  test('accepts that it was not built, and that it is new', () => {
    expect(reason(sources)).toBeNull();
    expect(reason({ ...sources, [ADDON]: 3 })).toBeNull();
  });

  test.each(Object.keys(sources))('names it when %s is newer', (source) => {
    expect(reason({ [source]: 3, [ADDON]: 2 })).toBe(`${ADDON} is older than ${source}: run npm run build`);
  });
});

test('dist/ is as new as its sources', () => {
  expect(staleReason(readFileTimes(fileURLToPath(new URL('..', import.meta.url))))).toBeNull();
});
