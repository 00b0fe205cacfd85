/** Choosing a kernel set: what is chosen, what is refused, and that a worker gets the same. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EPILOGUE, type Kernels } from '../../src/kernels/kernels.js';
import { chooseKernels, instantiateKernels, KERNEL_NAMES } from '../../src/kernels/load.js';
import { findAddon } from '../../src/kernels/native.js';
import * as reference from '../../src/kernels/reference.js';
import * as learnedReference from '../../src/kernels/reference-learned.js';
import * as lossReference from '../../src/kernels/reference-losses.js';
import * as updateReference from '../../src/kernels/reference-updates.js';
import { compareKernels, SELF_TEST_PAGES, selfTest } from '../../src/kernels/selftest.js';
import { distUrl } from '../../src/memory/dist.js';

const newMemory = () => new WebAssembly.Memory({ initial: SELF_TEST_PAGES, maximum: SELF_TEST_PAGES, shared: true });

/** What this machine has: all sets but `native` where nothing could compile it. */
const AVAILABLE = KERNEL_NAMES.filter((name) => name !== 'native' || findAddon() !== null);

const platform = `${process.platform}-${process.arch}`;
const NO_ADDON = `native: there is no addon for ${platform} (npm run build makes it where there is a C compiler)`;

/** A copy of what the kernels need of dist/, without the addon. */
let bare: string;
beforeAll(() => {
  bare = mkdtempSync(join(tmpdir(), 'paragrad-bare-'));
  writeFileSync(join(bare, 'package.json'), '{ "type": "module" }');
  for (const path of ['src/errors.js', 'src/memory', 'src/kernels', 'kernels']) {
    cpSync(fileURLToPath(distUrl(path)), join(bare, 'dist', path), { recursive: true });
  }
});
afterAll(() => rmSync(bare, { recursive: true }));

const inBare = (path: string) => join(bare, 'dist', path);

/** Prints what chooseKernels of a dist/ (default: the one without an addon) says in a process whose V8 has `flags`. */
function chooseElsewhere(
  request: string,
  flags: readonly string[] = [],
  load = pathToFileURL(inBare('src/kernels/load.js')),
): Record<string, unknown> {
  const script = `
    import { chooseKernels } from ${JSON.stringify(load.href)};
    try { console.log(JSON.stringify({ ...chooseKernels(${JSON.stringify(request)}), module: undefined })); }
    catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })); }`;
  const output = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8' });
  return JSON.parse(output) as Record<string, unknown>;
}

/** V8 does without the fused instruction, as on an old processor: relaxed_madd then rounds twice. */
const WITHOUT_FMA = process.arch === 'x64' ? ['--no-enable-fma3'] : undefined;

describe('chooseKernels', () => {
  test.each(AVAILABLE)('gives %s on request', (name) => {
    const { name: chosen, arithmetic, module, addon, reason } = chooseKernels(name);
    expect({ chosen, arithmetic, reason }).toEqual({
      chosen: name,
      arithmetic: name === 'wasm-strict' ? 'strict' : 'fma',
      reason: 'requested',
    });
    expect(addon === null).toBe(name !== 'native');
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  test('takes the first that works with auto', () => {
    const { name, addon, reason } = chooseKernels('auto');
    expect(name).toBe(AVAILABLE[0]);
    const best = addon === null ? `${NO_ADDON}; wasm-fma` : `native (${addon.instructionSet})`;
    expect(reason).toBe(`${best} passed its self-test`);
  });

  test('falls back to WebAssembly where there is no addon, and says so', () => {
    expect(chooseElsewhere('auto')).toEqual({
      name: 'wasm-fma',
      addon: null,
      arithmetic: 'fma',
      reason: `${NO_ADDON}; wasm-fma passed its self-test`,
    });
    expect(chooseElsewhere('native')).toEqual({
      code: 'kernels_unavailable',
      message: `no kernel set can run here (${NO_ADDON})`,
      hint: 'Use --kernels auto.',
    });
  });

  test.each([
    ['dist/native', 'not a library', 'the addon does not load: '],
    ['prebuilds', '', 'the addon does not load: '],
  ])('falls back to WebAssembly where the addon in %s is refused (%j), and says why', (folder, content, reason) => {
    mkdirSync(join(bare, folder), { recursive: true });
    writeFileSync(join(bare, folder, `${platform}.node`), content);
    const chosen = chooseElsewhere('auto');
    rmSync(join(bare, folder), { recursive: true });
    expect(chosen).toMatchObject({ name: 'wasm-fma', addon: null });
    expect(chosen.reason).toContain(`native: ${reason}`);
    expect(chosen.reason).not.toContain('\n');
  });

  test.runIf(WITHOUT_FMA)('falls back to strict where the processor does not fuse, and says why', () => {
    expect(chooseElsewhere('auto', WITHOUT_FMA!)).toEqual({
      name: 'wasm-strict',
      addon: null,
      arithmetic: 'strict',
      reason: `${NO_ADDON}; wasm-fma: its multiply-add rounds twice on this processor; wasm-strict passed its self-test`,
    });
  });

  test.runIf(WITHOUT_FMA)('refuses a requested set that cannot run', () => {
    expect(chooseElsewhere('wasm-fma', WITHOUT_FMA!)).toEqual({
      code: 'kernels_unavailable',
      message: 'no kernel set can run here (wasm-fma: its multiply-add rounds twice on this processor)',
      hint: 'Use --kernels auto.',
    });
  });

  test.runIf(WITHOUT_FMA && findAddon())('refuses native where the small kernels of wasm-fma cannot fuse', () => {
    expect(chooseElsewhere('native', WITHOUT_FMA!, distUrl('src/kernels/load.js'))).toMatchObject({
      message:
        'no kernel set can run here (native: it needs wasm-fma: its multiply-add rounds twice on this processor)',
    });
  });

  test.each(AVAILABLE)('%s has every kernel of the reference, and nothing else', (name) => {
    const kernels = instantiateKernels(chooseKernels(name), newMemory());
    const functions = Object.entries({
      ...reference,
      ...learnedReference,
      ...lossReference,
      ...updateReference,
    }).filter(([, value]) => typeof value === 'function');
    // The reference of `permute` is the permutation itself, in src/random; a gather only moves rows (test/data/batches.test.ts).
    const others = ['permute', 'name', 'arithmetic', ...(name === 'native' ? ['gatherFrom'] : [])];
    const expected = [...functions.map(([kernel]) => kernel), ...others];
    expect(Object.keys(kernels).sort()).toEqual(expected.sort());
  });

  test.each(AVAILABLE)('%s leaves the memory as it is when instantiated', (name) => {
    const memory = newMemory();
    const words = new Uint32Array(memory.buffer).fill(0xa5a5a5a5);
    instantiateKernels(chooseKernels(name), memory);
    expect(words.every((word) => word === 0xa5a5a5a5)).toBe(true);
  });

  test.each(AVAILABLE)('%s keeps its arithmetic in a worker thread', async (name) => {
    const source = chooseKernels(name);
    const { arithmetic } = source;
    const worker = new Worker(new URL('./fusing.mjs', import.meta.url), {
      workerData: { load: distUrl('src/kernels/load.js').href, source },
    });
    const rest = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    expect(rest).toBe(arithmetic === 'fma' ? 2 ** -24 : 0);
  });
});

describe('selfTest', () => {
  const sets = AVAILABLE.map((name) => {
    const memory = newMemory();
    return { name, memory, kernels: instantiateKernels(chooseKernels(name), memory) };
  });

  test.each(sets)('$name passes', ({ kernels, memory }) => {
    expect(selfTest(kernels, memory.buffer)).toBeUndefined();
  });

  test.each(sets)('$name is found out under the other arithmetic', ({ kernels, memory }) => {
    const posing: Kernels = { ...kernels, arithmetic: kernels.arithmetic === 'fma' ? 'strict' : 'fma' };
    expect(selfTest(posing, memory.buffer)).toMatch(/rounds twice|not rounded separately/);
  });

  test.each(sets)('$name is found out when one product has a wrong last bit', ({ kernels, memory }) => {
    const words = new Uint32Array(memory.buffer);
    const wrong: Kernels = {
      ...kernels,
      gemmNN(m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue, workspace) {
        kernels.gemmNN(m, n, k, a, lda, b, ldb, c, ldc, bias, epilogue & EPILOGUE.bias, workspace);
        if (k > 2) words[c / 4 + m * ldc - 1]! ^= 1;
      },
    };
    expect(selfTest(wrong, memory.buffer)).toBe('a product of 8x37x16 has wrong bits');
  });
});

describe('compareKernels', () => {
  const memory = newMemory();
  const kernels = instantiateKernels(chooseKernels('wasm-fma'), memory);
  const words = new Uint32Array(memory.buffer);

  test('finds nothing between a set and itself', () => {
    expect(compareKernels(kernels, kernels, memory.buffer)).toBeUndefined();
  });

  test.each([
    ['gemmNN', 7],
    ['gemmTN', 7],
    ['gemmNT', 7],
    ['updateSgd', 0],
    ['updateMomentum', 0],
    ['updateAdam', 0],
  ] as const)('finds a wrong last bit of %s', (name, result) => {
    const wrong: Kernels = {
      ...kernels,
      [name]: (...numbers: number[]) => {
        (kernels[name] as (...numbers: number[]) => void)(...numbers);
        words[numbers[result]! / 4]! ^= 1;
      },
    };
    expect(compareKernels(wrong, kernels, memory.buffer)).toBe(`${name} has other bits`);
  });

  test('tells fused products from strict ones', () => {
    const strict = instantiateKernels(chooseKernels('wasm-strict'), memory);
    expect(compareKernels(strict, kernels, memory.buffer)).toContain('has other bits');
  });
});
