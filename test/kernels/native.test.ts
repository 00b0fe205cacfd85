/**
 * The C addon: the bits of `wasm-fma` for every instruction set that this processor has, in any shape; wrong calls are
 * exceptions; and a run that uses it ends with the weights of one that does not. Without a C compiler there is no addon,
 * and what is left to test is that its absence is told (load.test.ts).
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EPILOGUE, KC, WORKSPACE_BYTES } from '../../src/kernels/kernels.js';
import { chooseKernels, instantiateKernels } from '../../src/kernels/load.js';
import { type Addon, bindProducts, findAddon, loadAddon } from '../../src/kernels/native.js';
import type { TrainConfig } from '../../src/train/config.js';
import { train } from '../../src/train/run.js';
import { ARENAS, type Arena, createArena } from './arena.js';
import { firstDifference } from './numbers.js';
import { compute, EPILOGUES, FORMS, type Shape, shapes } from './product-cases.js';

const path = findAddon();
const addon: Addon = path === null ? {} : loadAddon(path);
const [, wasmArena] = ARENAS.find(([name]) => name === 'wasm-fma')!;

/** `wasm-fma` with all products, however small, by one instruction set of the addon. */
function nativeArena(instructionSet: string): Arena {
  return createArena((memory) => ({
    ...instantiateKernels(chooseKernels('wasm-fma'), memory),
    ...bindProducts(addon[instructionSet]!, memory),
  }));
}

test('there is an addon where there is a C compiler, with an instruction set for every processor that it is built for', () => {
  const compiler = spawnSync(process.env.CC ?? 'cc', ['--version']).status === 0 && process.platform !== 'win32';
  expect(path !== null || !compiler).toBe(true);
  expect(Object.keys(addon).length > 0 || path === null).toBe(true);
});

const CASES = Object.keys(addon).flatMap((set) => {
  const arena = nativeArena(set);
  return FORMS.map((form) => [set, form, arena] as const);
});

describe.each(CASES)('%s gemm%s', (_, form, arena) => {
  test('has the bits of wasm-fma in random shapes, and writes nothing else', () => {
    fc.assert(
      fc.property(shapes(form, { rows: 9, columns: 15 }), (shape) => {
        expect(firstDifference(compute(arena, shape), compute(wasmArena, shape))).toBe(-1);
      }),
      { numRuns: 120 },
    );
  });

  test.each([0, 1, 255, 256, 257, 511, 512, 513, 600])('has the bits of wasm-fma for chains of k = %i', (k) => {
    for (const mixture of ['wild', 'special'] as const) {
      for (const epilogue of EPILOGUES[form]) {
        if (epilogue & EPILOGUE.accumulate && k > KC) continue;
        const shape: Shape = { form, m: 28, n: 56, k, slack: 8, epilogue, seed: k, mixture };
        expect(firstDifference(compute(arena, shape), compute(wasmArena, shape))).toBe(-1);
      }
    }
  });

  test.each([
    // over a block of rows, with every height of tile at its end
    { m: 260, n: 40, k: 300, slack: 8 },
    { m: 264, n: 72, k: 100, slack: 0 },
    // rows so far apart that operands are copied, in the last block of rows too
    { m: 272, n: 40, k: 60, slack: 1024 },
    { m: 24, n: 104, k: 257, slack: 1000 },
    { m: 16, n: 1032, k: 20, slack: 0 },
    { m: 1032, n: 16, k: 20, slack: 0 },
  ])('has the bits of wasm-fma in $m x $n x $k, $slack floats between rows', (size) => {
    for (const epilogue of EPILOGUES[form].filter((bits) => !(bits & EPILOGUE.accumulate) || size.k <= KC)) {
      const shape: Shape = { form, ...size, epilogue, seed: 7, mixture: 'wild' };
      expect(firstDifference(compute(arena, shape), compute(wasmArena, shape))).toBe(-1);
    }
  });
});

describe.each(Object.entries(addon))('%s checks its arguments', (_, native) => {
  const floats = new Float32Array(WORKSPACE_BYTES / 4 + 4096);
  const bytes = floats.byteLength;
  /** 8 x 16 x 12 with everything in place: A, B, C, bias or mask, workspace. */
  const right = {
    m: 8,
    n: 16,
    k: 12,
    a: 0,
    lda: 16,
    b: 1024,
    ldb: 16,
    c: 4096,
    ldc: 16,
    extra: 8192,
    workspace: 16384,
  };
  type Call = typeof right & { epilogue: number };
  const run = {
    gemmNN: (x: Call) =>
      native.gemmNN(floats, x.m, x.n, x.k, x.a, x.lda, x.b, x.ldb, x.c, x.ldc, x.extra, x.epilogue, x.workspace),
    gemmTN: (x: Call) =>
      native.gemmTN(floats, x.m, x.n, x.k, x.a, x.lda, x.b, x.ldb, x.c, x.ldc, x.epilogue, x.workspace),
    gemmNT: (x: Call) =>
      native.gemmNT(floats, x.m, x.n, x.k, x.a, x.lda, x.b, x.ldb, x.c, x.ldc, x.extra, x.epilogue, x.workspace),
  };
  const forms = Object.entries(run);
  const own = { gemmNN: EPILOGUE.bias, gemmTN: EPILOGUE.accumulate, gemmNT: EPILOGUE.reluMask };

  test.each(forms)('%s accepts what lies in the memory, to its last byte', (form, gemm) => {
    const last = bytes - WORKSPACE_BYTES;
    expect(() => gemm({ ...right, epilogue: own[form as keyof typeof own], workspace: last })).not.toThrow();
    expect(() => gemm({ ...right, epilogue: 0, c: bytes - (7 * 16 + 16) * 4, workspace: 8192 })).not.toThrow();
  });

  const wrong: readonly (readonly [Partial<Call>, string])[] = [
    [{ m: 6 }, 'M is a multiple of 4'],
    [{ n: 12 }, 'N of 8'],
    [{ k: -1 }, 'K not negative'],
    [{ m: 2 ** 31 }, 'M is a multiple of 4'],
    [{ k: 2 ** 40 }, 'K not negative'],
    [{ a: -16 }, 'A does not lie in the memory'],
    [{ a: 2 }, 'A does not lie in the memory'],
    [{ a: bytes }, 'A does not lie in the memory'],
    [{ a: 2 ** 53 }, 'A does not lie in the memory'],
    [{ lda: 7 }, 'A does not lie in the memory'],
    [{ lda: 2 ** 31 }, 'A does not lie in the memory'],
    [{ b: bytes - 64 }, 'B does not lie in the memory'],
    [{ ldb: 11 }, 'B does not lie in the memory'],
    [{ ldb: 2 ** 31 - 1 }, 'B does not lie in the memory'],
    [{ c: bytes - (7 * 16 + 16) * 4 + 4 }, 'C does not lie in the memory'],
    [{ ldc: 8 }, 'C does not lie in the memory'],
    [{ workspace: bytes - WORKSPACE_BYTES + 4 }, 'workspace does not lie in the memory'],
    [{ workspace: -4 }, 'workspace does not lie in the memory'],
    [{ epilogue: 16 }, 'does not have that epilogue'],
    [{ epilogue: -1 }, 'does not'],
  ];
  test.each(wrong)('%j is a RangeError in every form, and nothing is written', (change, message) => {
    for (const [, gemm] of forms) {
      floats.fill(1);
      const call = () => gemm({ ...right, epilogue: 0, ...change });
      expect(call).toThrow(RangeError);
      expect(call).toThrow(message);
      expect(floats.every((x) => x === 1)).toBe(true);
    }
  });

  test('bias and mask are checked where they are read, and only there', () => {
    expect(() => run.gemmNN({ ...right, epilogue: EPILOGUE.bias, extra: bytes - 60 })).toThrow('bias');
    expect(() => run.gemmNN({ ...right, epilogue: EPILOGUE.relu, extra: bytes })).not.toThrow();
    expect(() => run.gemmNT({ ...right, epilogue: EPILOGUE.reluMask, extra: bytes - 60 })).toThrow('mask');
    expect(() => run.gemmNT({ ...right, epilogue: 0, extra: bytes })).not.toThrow();
  });

  test('each form refuses the epilogues of the others', () => {
    expect(() => run.gemmNN({ ...right, epilogue: EPILOGUE.accumulate })).toThrow(RangeError);
    expect(() => run.gemmTN({ ...right, epilogue: EPILOGUE.relu })).toThrow(RangeError);
    expect(() => run.gemmNT({ ...right, epilogue: EPILOGUE.bias })).toThrow(RangeError);
  });

  test('what is no memory, or no number, is a TypeError', () => {
    const numbers = [8, 16, 12, 0, 16, 1024, 16, 4096, 16, 0, 16384] as const;
    const call = (...given: unknown[]) => (native.gemmTN as (...given: unknown[]) => void)(...given);
    expect(() => call(floats, ...numbers)).not.toThrow();
    for (const memory of [undefined, floats.buffer, new Float64Array(8), new Int32Array(8), 'floats']) {
      expect(() => call(memory, ...numbers)).toThrow(TypeError);
    }
    expect(() => call(floats, ...numbers.slice(1))).toThrow(TypeError);
    expect(() => call(floats, ...numbers.slice(1), '16384')).toThrow(TypeError);
    expect(() => call()).toThrow(TypeError);
  });
});

describe.runIf(path !== null)('a run with native kernels', () => {
  const houses = { data: fileURLToPath(new URL('../../data/houses.parquet', import.meta.url)), target: 'price' };
  const flowers = { data: fileURLToPath(new URL('../../data/flowers.arrow', import.meta.url)), target: 'species' };

  const runs: readonly (readonly [string, TrainConfig])[] = [
    ['adam on houses', { ...houses, hidden: [70, 33], optimizer: 'adam', batchSize: 100, l2: 0.01 }],
    [
      'clipped momentum on houses',
      { ...houses, hidden: [264, 40], activation: 'tanh', optimizer: 'momentum', shards: 8, clipNorm: 1 },
    ],
    ['adamw on flowers', { ...flowers, hidden: [40, 40], optimizer: 'adamw', batchSize: 'full', seed: 3 }],
  ];
  test.each(runs)('has the weights of wasm-fma, for 1 and 3 workers: %s', async (_, config) => {
    const runsDir = await mkdtemp(join(tmpdir(), 'paragrad-native-'));
    try {
      const hashes: string[] = [];
      for (const kernels of ['wasm-fma', 'native'] as const) {
        for (const workers of [1, 3]) {
          const done = await train({ ...config, epochs: 2, runsDir, kernels, workers }).result;
          expect(done.kernels).toBe(kernels);
          hashes.push(done.weightsSha256);
        }
      }
      expect(new Set(hashes).size).toBe(1);
    } finally {
      await rm(runsDir, { recursive: true });
    }
  });
});
