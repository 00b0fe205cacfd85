/**
 * The C addon: the bits of `wasm-fma` for every instruction set that this processor has, in any shape; wrong calls are
 * exceptions; and a run that uses it ends with the weights of one that does not. Without a C compiler there is no addon,
 * and what is left to test is that its absence is told (load.test.ts).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EPILOGUE, KC, WORKSPACE_BYTES } from '../../src/kernels/kernels.js';
import { chooseKernels, instantiateKernels } from '../../src/kernels/load.js';
import { type Addon, bindNative, CALL_LENGTH, findAddon, KERNEL, loadAddon } from '../../src/kernels/native.js';
import type { TrainConfig } from '../../src/train/config.js';
import { train } from '../../src/train/run.js';
import { ARENAS, type Arena, call, createArena, placeVector, type Region, read, reset } from './arena.js';
import { firstDifference, type Mixture, values } from './numbers.js';
import { compute, EPILOGUES, FORMS, type Shape, shapes } from './product-cases.js';

const path = findAddon();
const addon: Addon = path === null ? {} : loadAddon(path);
const [, wasmArena] = ARENAS.find(([name]) => name === 'wasm-fma')!;

/** `wasm-fma` with the kernels of one instruction set of the addon. */
function nativeArena(instructionSet: string): Arena {
  return createArena((memory) => ({
    ...instantiateKernels(chooseKernels('wasm-fma'), memory),
    ...bindNative(addon[instructionSet]!, memory),
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

const constants = fc.record({
  count: fc.integer({ min: 0, max: 40 }).map((x) => 4 * x),
  seed: fc.nat(1e6),
  mixture: fc.constantFrom<Mixture>('plain', 'wild', 'special'),
  divisor: fc.constantFrom(1, 3, 100.5, 256, 512, 2 ** -3, 2 ** 127, 2 ** -140, 0, Number.POSITIVE_INFINITY),
  l2: fc.constantFrom(0, 0.01),
  clip: fc.constantFrom(1, 0.37),
  decay: fc.constantFrom(0, 0.01),
  nesterov: fc.constantFrom(0, 1),
});
const RULES = ['updateSgd', 'updateMomentum', 'updateAdam'] as const;

describe.each(Object.keys(addon))('%s updates', (set) => {
  const arena = nativeArena(set);

  test.each(RULES)('%s has the bits of wasm-fma, and writes nothing else', (rule) => {
    fc.assert(
      fc.property(constants, ({ count, seed, mixture, divisor, l2, clip, decay, nesterov }) => {
        const [nativeResult, wasmResult] = [arena, wasmArena].map((one) => {
          reset(one);
          const vectors = [0, 1, 2, 3].map((i) => placeVector(one, values(seed + i, count, mixture)));
          const [p, g, m, v] = vectors.map(({ at }) => at) as [number, number, number, number];
          const [parameters, , first, second] = vectors as [Region, Region, Region, Region];
          call(one, [parameters, first, second], (kernels) => {
            if (rule === 'updateSgd') kernels.updateSgd(p, g, count, divisor, l2, clip, 0.1, decay);
            else if (rule === 'updateMomentum') {
              kernels.updateMomentum(p, g, v, count, divisor, l2, clip, 0.1, decay, 0.9, nesterov);
            } else kernels.updateAdam(p, g, m, v, count, divisor, l2, clip, 1 - decay, 0.9, 0.999, 0.2, 1.7, 1e-8);
          });
          return [parameters, first, second].flatMap((region) => [...read(one, region)]);
        });
        expect(firstDifference(nativeResult!, wasmResult!)).toBe(-1);
      }),
      { numRuns: 150 },
    );
  });
});

describe.each(Object.entries(addon))('%s checks the arguments of products', (_, bind) => {
  const floats = new Float32Array(new SharedArrayBuffer(WORKSPACE_BYTES + 16384));
  const bytes = floats.byteLength;
  const numbers = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
  const run = bind(floats, numbers);
  /** 8 x 16 x 12 with everything in its place; in the order of the numbers. */
  const right = {
    ...{ form: 0, m: 8, n: 16, k: 12, a: 0, lda: 16, b: 1024, ldb: 16, c: 4096, ldc: 16 },
    ...{ extra: 8192, epilogue: 0, workspace: 16384 },
  };
  const gemm = (change: Partial<typeof right>) => {
    numbers.set(Object.values({ ...right, ...change }));
    run();
  };
  const forms = [
    ['NN', KERNEL.gemmNN, EPILOGUE.bias],
    ['TN', KERNEL.gemmTN, EPILOGUE.accumulate],
    ['NT', KERNEL.gemmNT, EPILOGUE.reluMask],
  ] as const;

  test.each(forms)('%s accepts what lies in the memory, to its last byte', (_, form, epilogue) => {
    expect(() => gemm({ form, epilogue })).not.toThrow();
    expect(() => gemm({ form, c: bytes - (7 * 16 + 16) * 4, workspace: 8192 })).not.toThrow();
  });

  const wrong: readonly (readonly [Partial<typeof right>, string])[] = [
    [{ form: 99 }, 'no such kernel'],
    [{ form: 2.5 }, 'no such kernel'],
    [{ form: NaN }, 'no such kernel'],
    [{ m: 6 }, 'M is a multiple of 4'],
    [{ n: 12 }, 'N of 8'],
    [{ k: -1 }, 'not negative'],
    [{ m: NaN }, 'not negative'],
    [{ c: Infinity }, 'not negative'],
    [{ m: 2 ** 31 }, 'does not lie in the memory'],
    [{ k: 2 ** 40 }, 'does not lie in the memory'],
    [{ a: 2 }, 'A does not lie in the memory'],
    [{ a: bytes }, 'A does not lie in the memory'],
    [{ a: 2 ** 53 - 8 }, 'A does not lie in the memory'],
    [{ lda: 7 }, 'A does not lie in the memory'],
    [{ lda: 2 ** 31 }, 'A does not lie in the memory'],
    [{ b: bytes - 64 }, 'B does not lie in the memory'],
    [{ ldb: 11 }, 'B does not lie in the memory'],
    [{ ldb: 2 ** 31 - 1 }, 'B does not lie in the memory'],
    [{ c: bytes - (7 * 16 + 16) * 4 + 4 }, 'C does not lie in the memory'],
    [{ ldc: 8 }, 'C does not lie in the memory'],
    [{ workspace: bytes - WORKSPACE_BYTES + 4 }, 'workspace does not lie in the memory'],
    [{ epilogue: 16 }, 'does not have that epilogue'],
    [{ epilogue: 2 ** 32 }, 'does not have that epilogue'],
  ];
  test.each(wrong)('%j is a RangeError in every form, and nothing is written', (change, message) => {
    for (const [, form] of forms) {
      floats.fill(1);
      expect(() => gemm({ form, ...change })).toThrow(RangeError);
      expect(() => gemm({ form, ...change })).toThrow(message);
      expect(floats.every((x) => x === 1)).toBe(true);
    }
  });

  test('bias and mask are checked where they are read, and only there', () => {
    expect(() => gemm({ form: KERNEL.gemmNN, epilogue: EPILOGUE.bias, extra: bytes - 60 })).toThrow('bias');
    expect(() => gemm({ form: KERNEL.gemmNN, epilogue: EPILOGUE.relu, extra: bytes })).not.toThrow();
    expect(() => gemm({ form: KERNEL.gemmNT, epilogue: EPILOGUE.reluMask, extra: bytes - 60 })).toThrow('mask');
    expect(() => gemm({ form: KERNEL.gemmNT, extra: bytes })).not.toThrow();
  });

  test.each([
    ['NN', KERNEL.gemmNN, EPILOGUE.accumulate],
    ['NN', KERNEL.gemmNN, EPILOGUE.reluMask],
    ['TN', KERNEL.gemmTN, EPILOGUE.relu],
    ['NT', KERNEL.gemmNT, EPILOGUE.bias],
  ])('%s refuses the epilogues of other forms', (_, form, epilogue) => {
    expect(() => gemm({ form, epilogue })).toThrow('does not have that epilogue');
  });
});

describe.each(Object.entries(addon))('%s checks the arguments of updates', (_, bind) => {
  const floats = new Float32Array(new SharedArrayBuffer(4096));
  const numbers = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
  const run = bind(floats, numbers);
  const right = { count: 64, p: 0, g: 256, m: 512, v: 4096 - 256, divisor: 1, l2: 0, clip: 1 };
  const update = (kernel: number, change: Partial<typeof right>) => {
    numbers.set([kernel, ...Object.values({ ...right, ...change }), 0.1, 0, 0, 0, 0, 0]);
    run();
  };
  const kernels = [KERNEL.updateSgd, KERNEL.updateMomentum, KERNEL.updateAdam];

  test.each(kernels)('kernel %i accepts what lies in the memory, to its last byte', (kernel) => {
    expect(() => update(kernel, {})).not.toThrow();
  });

  test.each<[Partial<typeof right>, string]>([
    [{ count: 6 }, 'multiple of 4'],
    [{ count: -4 }, 'not negative'],
    [{ count: 68 }, 'does not lie in the memory'],
    [{ count: 2 ** 40 }, 'does not lie in the memory'],
    [{ p: 4096 }, 'does not lie in the memory'],
    [{ g: 2 }, 'does not lie in the memory'],
    [{ m: 4096 - 252 }, 'does not lie in the memory'],
    [{ v: Number.NaN }, 'not negative'],
  ])('%j is a RangeError for every rule, and nothing is written', (change, message) => {
    for (const kernel of kernels) {
      floats.fill(1);
      expect(() => update(kernel, change)).toThrow(RangeError);
      expect(() => update(kernel, change)).toThrow(message);
      expect(floats.every((x) => x === 1)).toBe(true);
    }
  });
});

test.each(Object.values(addon))(
  'an instruction set is bound to arrays of the right kinds on shared memory, and to nothing else',
  (bind) => {
    const floats = new Float32Array(new SharedArrayBuffer(64));
    const numbers = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
    const bindTo = (...given: unknown[]) => (bind as (...given: unknown[]) => void)(...given);
    const unshared = [new Float32Array(8), new Float64Array(CALL_LENGTH)] as const;
    const shorter = new Float64Array(numbers.buffer, 0, CALL_LENGTH - 1);
    expect(() => bindTo(floats, numbers)).not.toThrow();
    for (const wrongMemory of [undefined, floats.buffer, numbers, 'floats', unshared[0]]) {
      expect(() => bindTo(wrongMemory, numbers)).toThrow(TypeError);
    }
    for (const wrongCall of [undefined, numbers.buffer, floats, shorter, unshared[1]]) {
      expect(() => bindTo(floats, wrongCall)).toThrow(TypeError);
    }
    expect(() => bindTo()).toThrow(TypeError);
  },
);

test.runIf(path !== null)('a bound product keeps its memory alive, and no longer than itself', () => {
  // In a process of its own, whose collector can be called. What a finalizer releases, only the next collection frees.
  const script = `
    const [bind] = Object.values(require(process.argv[1]));
    const collect = async () => {
      for (let i = 0; i < 4; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const megabytes = () => process.memoryUsage().arrayBuffers >> 20;
    const newProduct = () => {
      const call = new Float64Array(new SharedArrayBuffer(${CALL_LENGTH * 8}));
      return { call, run: bind(new Float32Array(new SharedArrayBuffer(16 << 20)), call) };
    };
    (async () => {
      let bound = Array.from({ length: 4 }, newProduct);
      await collect();
      const during = megabytes();
      for (const { call, run } of bound) {
        call.set([0, 4, 8, 1, 0, 1, 64, 8, 128, 8, 0, 0, 15 << 20]);
        run();
      }
      bound = null;
      await collect();
      console.log(JSON.stringify({ during, after: megabytes() }));
    })();`;
  const output = execFileSync(process.execPath, ['--expose-gc', '-e', script, path!], { encoding: 'utf8' });
  const { during, after } = JSON.parse(output) as { during: number; after: number };
  expect(during).toBe(64);
  expect(after).toBeLessThanOrEqual(16); // a register of the function may hold the last one
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
