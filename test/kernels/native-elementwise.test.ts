/**
 * The kernels of the C addon that work lane by lane: the bits of `wasm-fma` for every instruction set that this processor has, for
 * any size and any numbers, with nothing else written; and wrong calls are exceptions.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { chooseKernels, instantiateKernels } from '../../src/kernels/load.js';
import { type Addon, bindNative, CALL_LENGTH, findAddon, KERNEL, loadAddon } from '../../src/kernels/native.js';
import { ARENAS, type Arena, call, createArena, place, placeVector, type Region, read, reset } from './arena.js';
import { firstDifference, type Mixture, values } from './numbers.js';

const path = findAddon();
const addon: Addon = path === null ? {} : loadAddon(path);
const [, wasmArena] = ARENAS.find(([name]) => name === 'wasm-fma')!;

interface Case {
  readonly rows: number;
  /** Multiples of four columns. */
  readonly quads: number;
  readonly slack: number;
  readonly seed: number;
  readonly mixture: Mixture;
  readonly accumulate: number;
  readonly slope: boolean;
}

const cases = fc.record({
  rows: fc.integer({ min: 0, max: 40 }),
  quads: fc.integer({ min: 0, max: 37 }),
  slack: fc.constantFrom(0, 4, 24),
  seed: fc.nat(1e6),
  mixture: fc.constantFrom<Mixture>('plain', 'wild', 'special'),
  accumulate: fc.constantFrom(0, 1),
  slope: fc.boolean(),
});

/** Where a case puts its operands, and what of them a kernel writes. */
interface Placed {
  readonly outputs: readonly Region[];
  run(kernels: Kernels): void;
}

/** A kernel on an arena: matrices of the case, each with numbers of its own. */
type Setup = (arena: Arena, one: Case) => Placed;

const matrices = (
  arena: Arena,
  { rows, seed, mixture }: Case,
  columns: number,
  count: number,
  ld = columns,
): Region[] =>
  Array.from({ length: count }, (_, i) => place(arena, rows, columns, values(seed + i, rows * columns, mixture), ld));
const vector = (arena: Arena, { seed, mixture }: Case, length: number, salt: number): Region =>
  placeVector(arena, values(seed + salt, length, mixture));

/** A kernel over contiguous elements of one or two vectors, of which it writes the first. */
const flat =
  (run: (kernels: Kernels, x: number, y: number, count: number) => void): Setup =>
  (arena, one) => {
    const count = one.rows * 4 * one.quads;
    const [x, y] = [vector(arena, one, count, 0), vector(arena, one, count, 1)];
    return { outputs: [x], run: (kernels) => run(kernels, x.at, y.at, count) };
  };

const FREQUENCIES = 16;
const WAVES = 3;

/** Parameters of periodic functions, or their gradients: frequency, phase, weight, bias. */
function waves(arena: Arena, one: Case, numbers: number, salt: number): Region[] {
  const sizes = [FREQUENCIES, FREQUENCIES, FREQUENCIES * WAVES, WAVES];
  return sizes.map((size, i) => vector(arena, one, numbers * size, salt + i));
}

const KERNELS: Record<string, Setup> = {
  add: flat((kernels, x, y, count) => kernels.add(x, y, count)),
  multiply: flat((kernels, x, y, count) => kernels.multiply(x, y, count)),
  eluForward: flat((kernels, x, _, count) => kernels.eluForward(x, count, 1.0507009873554805, 1.7580993408473766)),
  eluBackward: flat((kernels, x, y, count) => kernels.eluBackward(x, y, count, 1.05, 1.75)),
  mishForward: (arena, one) => {
    const count = one.rows * 4 * one.quads;
    const [h, slope] = [vector(arena, one, count, 0), vector(arena, one, count, 1)];
    return {
      outputs: one.slope ? [h, slope] : [h],
      run: (kernels) => kernels.mishForward(h.at, one.slope ? slope.at : 0, count),
    };
  },
  blendForward: (arena, one) => {
    const columns = 4 * one.quads;
    const [h, z, slope] = matrices(arena, one, columns, 3) as [Region, Region, Region];
    const share = vector(arena, one, columns, 3);
    return {
      outputs: one.slope ? [h, z, slope] : [h, z],
      run: (kernels) => kernels.blendForward(h.at, z.at, one.slope ? slope.at : 0, share.at, one.rows, columns),
    };
  },
  blendGradient: (arena, one) => {
    const columns = 8 * one.quads;
    const [d, bend] = matrices(arena, one, columns, 2) as [Region, Region];
    const g = vector(arena, one, columns, 2);
    return {
      outputs: [g],
      run: (kernels) => kernels.blendGradient(one.rows, columns, d.at, bend.at, g.at, one.accumulate),
    };
  },
  biasGradient: (arena, one) => {
    const columns = 8 * one.quads;
    const [d] = matrices(arena, one, columns, 1, columns + 2 * one.slack) as [Region];
    const g = vector(arena, one, columns, 1);
    return {
      outputs: [g],
      run: (kernels) => kernels.biasGradient(one.rows, columns, d.at, d.ld, g.at, one.accumulate),
    };
  },
  'biasGradient of one column': (arena, one) => {
    const [d, g] = [vector(arena, one, one.rows, 0), vector(arena, one, 1, 1)];
    return { outputs: [g], run: (kernels) => kernels.biasGradient(one.rows, 1, d.at, 1, g.at, one.accumulate) };
  },
  dropout: (arena, one) => {
    const columns = 4 * one.quads;
    const [from, to] = matrices(arena, one, columns, 2) as [Region, Region];
    const [rowKey, unitKey, keepBelow] = [0x9abcdef0, 0xfedcba98, 0xd0000000].map((word) => (word ^ one.seed) >>> 0);
    const target = one.slope ? to : from;
    return {
      outputs: [target],
      run: (kernels) =>
        kernels.dropout(from.at, target.at, one.rows, columns, rowKey!, unitKey!, 4e9, keepBelow!, 1 / 0.85),
    };
  },
  scaleRows: (arena, one) => {
    const columns = 4 * one.quads;
    const [w, to] = matrices(arena, one, columns, 2) as [Region, Region];
    const s = vector(arena, one, one.rows, 2);
    return { outputs: [to], run: (kernels) => kernels.scaleRows(one.rows, columns, w.at, s.at, to.at) };
  },
  'scaleRows of one column': flat((kernels, to, w, count) => kernels.scaleRows(count, 1, w, to, to)),
  periodicForward: (arena, one) => {
    const numbers = one.quads % 4;
    const padded = { ...one, rows: 4 * one.rows };
    const [x] = matrices(arena, padded, numbers, 1, numbers + one.slack) as [Region];
    const [y] = matrices(arena, padded, WAVES * numbers, 1, WAVES * numbers + one.slack) as [Region];
    const [frequency, phase, weight, bias] = waves(arena, one, numbers, 1).map(({ at }) => at);
    return {
      outputs: [y],
      run: (kernels) =>
        kernels.periodicForward(
          ...([padded.rows, numbers, x.at, x.ld, frequency!, phase!, weight!, bias!, y.at, y.ld] as const),
        ),
    };
  },
  periodicGradient: (arena, one) => {
    const numbers = one.quads % 4;
    const [x] = matrices(arena, one, numbers, 1, numbers + one.slack) as [Region];
    const [d] = matrices(arena, one, WAVES * numbers, 1, WAVES * numbers + one.slack) as [Region];
    const [frequency, phase, weight] = waves(arena, one, numbers, 1).map(({ at }) => at);
    const gradients = waves(arena, one, numbers, 5);
    const [g0, g1, g2, g3] = gradients.map(({ at }) => at);
    return {
      outputs: gradients,
      run: (kernels) =>
        kernels.periodicGradient(
          ...([one.rows, numbers, x.at, x.ld, d.at, d.ld, frequency!, phase!, weight!] as const),
          ...([g0!, g1!, g2!, g3!, one.accumulate, arena.workspace] as const),
        ),
    };
  },
};

describe.each(Object.keys(addon))('%s', (set) => {
  const arena = createArena((memory) => ({
    ...instantiateKernels(chooseKernels('wasm-fma'), memory),
    ...bindNative(addon[set]!, memory),
  }));

  test.each(Object.entries(KERNELS))('%s has the bits of wasm-fma, and writes nothing else', (_, setup) => {
    fc.assert(
      fc.property(cases, (one) => {
        const [nativeResult, wasmResult] = [arena, wasmArena].map((where) => {
          reset(where);
          const { outputs, run } = setup(where, one);
          call(where, outputs, run);
          return outputs.flatMap((region) => [...read(where, region)]);
        });
        expect(firstDifference(nativeResult!, wasmResult!)).toBe(-1);
      }),
      { numRuns: 120 },
    );
  });
});

describe.each(Object.entries(addon))('%s checks the arguments of kernels that work lane by lane', (_, bind) => {
  const floats = new Float32Array(new SharedArrayBuffer(16384));
  const bytes = floats.byteLength;
  const numbers = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
  const run = bind(floats, numbers);
  /** What is right, with the offsets' and sizes' places in it. Everything fits, to the last byte. */
  const RIGHT: Record<string, { readonly call: readonly number[]; readonly offsets: readonly number[] }> = {
    add: { call: [KERNEL.add, 16, bytes - 64, 0], offsets: [2, 3] },
    multiply: { call: [KERNEL.multiply, 16, 0, bytes - 64], offsets: [2, 3] },
    eluForward: { call: [KERNEL.eluForward, 16, 0, bytes - 64, 1, 1], offsets: [2, 3] },
    eluBackward: { call: [KERNEL.eluBackward, 16, 0, bytes - 64, 1, 1], offsets: [2, 3] },
    mishForward: { call: [KERNEL.mishForward, 16, 0, bytes - 64], offsets: [2, 3] },
    blendForward: { call: [KERNEL.blendForward, 2, 8, 0, 64, 128, bytes - 32], offsets: [3, 4, 5, 6] },
    blendGradient: { call: [KERNEL.blendGradient, 2, 8, bytes - 64, 8, 0, 64, 1], offsets: [3, 5, 6] },
    biasGradient: { call: [KERNEL.biasGradient, 2, 8, bytes - 96, 16, 0, 64, 1], offsets: [3, 6] },
    dropout: { call: [KERNEL.dropout, 2, 8, 0, bytes - 64, 1, 2, 3, 4, 1], offsets: [3, 4] },
    scaleRows: { call: [KERNEL.scaleRows, 2, 8, bytes - 64, 64, 128], offsets: [3, 4, 5] },
    periodicForward: {
      call: [KERNEL.periodicForward, 4, 2, bytes - 56, 4, 0, 256, 512, 1024, 2048, 6],
      offsets: [3, 5, 6, 7, 8, 9],
    },
    periodicGradient: {
      call: [KERNEL.periodicGradient, 3, 2, 0, 4, 256, 6, 512, 1024, 1280, 2048, 2304, 2560, 3072, 1, bytes - 64],
      offsets: [3, 5, 7, 8, 9, 10, 11, 12, 13, 15],
    },
  };
  const perform = (call: readonly number[]) => {
    numbers.fill(0);
    numbers.set(call);
    floats.fill(1);
    run();
  };

  test.each(Object.entries(RIGHT))('%s accepts what lies in the memory, and nothing beyond', (_, { call, offsets }) => {
    expect(() => perform(call)).not.toThrow();
    const wrong = [
      ...offsets.map((i) => call.with(i, bytes)),
      ...offsets.map((i) => call.with(i, call[i]! + 2)),
      ...offsets.map((i) => call.with(i, Number.NaN)),
      call.with(1, 2 ** 31),
      call.with(1, -4),
      call.with(2, -4),
    ];
    for (const changed of wrong) {
      expect(() => perform(changed)).toThrow(RangeError);
      expect(floats.every((x) => x === 1)).toBe(true);
    }
  });

  test.each<[string, number[]]>([
    ['multiple of 4', [KERNEL.add, 6, 0, 64]],
    ['multiple of 4', [KERNEL.blendForward, 2, 6, 0, 64, 128, 256]],
    ['multiple of 4', [KERNEL.biasGradient, 2, 6, 0, 8, 0, 64, 0]],
    ['multiple of 4', [KERNEL.blendGradient, 2, 1, 0, 1, 0, 64, 0]],
    ['multiple of 4', [KERNEL.dropout, 2, 6, 0, 64, 1, 2, 3, 4, 1]],
    ['multiple of 4', [KERNEL.scaleRows, 2, 1, 0, 64, 128]],
    ['multiple of 4', [KERNEL.periodicForward, 6, 1, 0, 1, 256, 512, 1024, 2048, 4096, 3]],
    [
      'at most 256',
      [KERNEL.periodicGradient, 257, 1, 0, 1, 2048, 3, 8192, 8256, 8320, 9000, 9100, 9200, 9500, 0, 12288],
    ],
    ['lie in the memory', [KERNEL.biasGradient, 2, 8, 0, 7, 0, 64, 0]],
    ['lie in the memory', [KERNEL.biasGradient, 64, 8, 0, 1024, 0, 64, 0]],
    ['no such kernel', [KERNEL.writeColumns + 1, 4, 0, 0]],
  ])('a RangeError that says "%s", for %j', (message, call) => {
    expect(() => perform(call)).toThrow(message);
    expect(floats.every((x) => x === 1)).toBe(true);
  });
});

describe.each(Object.entries(addon))('%s gathers rows', (_, bind) => {
  const floats = new Float32Array(new SharedArrayBuffer(4096));
  const words = new Uint32Array(floats.buffer);
  const table = new Float32Array(new SharedArrayBuffer(40 * 4)).map((_, i) => i); // 8 rows of 5
  const shared = new Float32Array(new SharedArrayBuffer(table.byteLength));
  shared.set(table);
  const numbers = new Float64Array(new SharedArrayBuffer(CALL_LENGTH * 8));
  const run = bind(floats, numbers, shared);
  const right = {
    rows: 2,
    slots: 0,
    stride: 5,
    numbers: 3,
    x: 64,
    ldx: 4,
    targetAt: 3,
    targets: 1,
    y: 128,
    weights: 192,
  };
  const gather = (change: Partial<typeof right>, second = 7) => {
    numbers.fill(0);
    numbers.set([KERNEL.gatherRows, ...Object.values({ ...right, ...change })]);
    floats.fill(-1);
    words.set([0, second]);
    run();
  };
  const written = () => [...floats.subarray(2)].filter((x) => x !== -1);

  test('to the last of the table, and to the end of the memory', () => {
    gather({});
    expect([...floats.subarray(16, 24)]).toEqual([0, 1, 2, -1, 35, 36, 37, -1]);
    expect([...floats.subarray(32, 35), ...floats.subarray(48, 51)]).toEqual([3, 38, -1, 4, 39, -1]);
    expect(() => gather({ weights: 4096 - 8 })).not.toThrow();
    expect(() => gather({ x: 4096 - 28 })).not.toThrow();
  });

  test.each<[string, Partial<typeof right>]>([
    ['fewer elements', { stride: 0 }],
    ['fewer elements', { numbers: 6 }],
    ['fewer elements', { targetAt: 5 }],
    ['fewer elements', { targets: 2 ** 40 }],
    ['lie in the memory', { slots: 4092 }],
    ['lie in the memory', { x: 4096 - 24 }],
    ['lie in the memory', { ldx: 2 }],
    ['lie in the memory', { y: 4092 }],
    ['lie in the memory', { weights: 4092 }],
    ['lie in the memory', { rows: 2 ** 31 }],
    ['not negative', { rows: -1 }],
    ['lie in the table', { stride: 6, numbers: 3 }],
  ])('refuses with "%s": %j', (message, change) => {
    expect(() => gather(change)).toThrow(message);
    expect(written()).toEqual([]);
  });

  test('refuses a row beyond the table, and any row where there is no table', () => {
    expect(() => gather({}, 8)).toThrow('lie in the table');
    expect(() => gather({}, 0xffffffff)).toThrow('lie in the table');
    const runWithoutTable = bind(floats, numbers);
    gather({});
    expect(() => runWithoutTable()).toThrow('lie in the table');
  });

  test('takes no table that is not shared, or of another type', () => {
    for (const wrong of [new Float32Array(8), numbers, null, 'rows']) {
      expect(() => bind(floats, numbers, wrong as Float32Array)).toThrow(TypeError);
    }
  });
});
