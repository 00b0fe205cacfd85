/** Choosing a kernel set: what is chosen, what is refused, and that a worker gets the same. */
import { execFileSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { EPILOGUE, type Kernels } from '../../src/kernels/kernels.js';
import { chooseKernels, instantiateKernels, KERNEL_NAMES } from '../../src/kernels/load.js';
import * as reference from '../../src/kernels/reference.js';
import { selfTest } from '../../src/kernels/selftest.js';
import { distUrl } from '../../src/memory/dist.js';

const newMemory = () => new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });

/** Prints what chooseKernels says in a fresh process, whose V8 has `flags`. */
function chooseElsewhere(request: string, flags: readonly string[]): Record<string, unknown> {
  const script = `
    import { chooseKernels } from ${JSON.stringify(distUrl('src/kernels/load.js').href)};
    try { console.log(JSON.stringify({ ...chooseKernels(${JSON.stringify(request)}), module: undefined })); }
    catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })); }`;
  const output = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8' });
  return JSON.parse(output) as Record<string, unknown>;
}

/** V8 does without the fused instruction, as on an old processor: relaxed_madd then rounds twice. */
const WITHOUT_FMA = process.arch === 'x64' ? ['--no-enable-fma3'] : undefined;

describe('chooseKernels', () => {
  test.each(KERNEL_NAMES)('gives %s on request', (name) => {
    const { name: chosen, arithmetic, module, reason } = chooseKernels(name);
    expect({ chosen, arithmetic, reason }).toEqual({
      chosen: name,
      arithmetic: name === 'wasm-strict' ? 'strict' : 'fma',
      reason: 'requested',
    });
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  test('takes the first that works with auto', () => {
    expect(chooseElsewhere('auto', [])).toEqual({
      name: 'wasm-fma',
      arithmetic: 'fma',
      reason: 'wasm-fma passed its self-test',
    });
  });

  test.runIf(WITHOUT_FMA)('falls back to strict where the processor does not fuse, and says why', () => {
    expect(chooseElsewhere('auto', WITHOUT_FMA!)).toEqual({
      name: 'wasm-strict',
      arithmetic: 'strict',
      reason: 'wasm-fma: its multiply-add rounds twice on this processor; wasm-strict passed its self-test',
    });
  });

  test.runIf(WITHOUT_FMA)('refuses a requested set that cannot run', () => {
    expect(chooseElsewhere('wasm-fma', WITHOUT_FMA!)).toEqual({
      code: 'kernels_unavailable',
      message: 'no kernel set can run here (wasm-fma: its multiply-add rounds twice on this processor)',
      hint: 'Use --kernels auto.',
    });
  });

  test.each(KERNEL_NAMES)('%s has every kernel of the reference, and nothing else', (name) => {
    const kernels = instantiateKernels(chooseKernels(name).module, name, newMemory());
    const expected = [...Object.keys(reference), 'name', 'arithmetic'];
    expect(Object.keys(kernels).sort()).toEqual(expected.sort());
  });

  test.each(KERNEL_NAMES)('%s leaves the memory as it is when instantiated', (name) => {
    const memory = newMemory();
    const words = new Uint32Array(memory.buffer).fill(0xa5a5a5a5);
    instantiateKernels(chooseKernels(name).module, name, memory);
    expect(words.every((word) => word === 0xa5a5a5a5)).toBe(true);
  });

  test.each(KERNEL_NAMES)('%s keeps its arithmetic in a worker thread', async (name) => {
    const { module, arithmetic } = chooseKernels(name);
    const worker = new Worker(new URL('./fusing.mjs', import.meta.url), { workerData: module });
    const rest = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    expect(rest).toBe(arithmetic === 'fma' ? 2 ** -24 : 0);
  });
});

describe('selfTest', () => {
  const sets = KERNEL_NAMES.map((name) => {
    const memory = newMemory();
    return { name, memory, kernels: instantiateKernels(chooseKernels(name).module, name, memory) };
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
