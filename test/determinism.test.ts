/**
 * The one guarantee: the weights are the same bits for any number of workers. Random small runs on both sample tables, each
 * repeated with 1, 2, 3, 5 and 8 workers; the hash is recomputed here from the bytes of the model file.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainConfig } from '../src/train/config.js';
import type { DoneEvent } from '../src/train/events.js';
import { train } from '../src/train/run.js';
import { runCli } from './commands/run-cli.js';

const WORKERS = [1, 2, 3, 5, 8];
const KERNELS = ['wasm-fma', 'wasm-strict'] as const;
const TABLES = {
  Parquet: { data: fileURLToPath(new URL('../data/houses.parquet', import.meta.url)), target: 'price' },
  Arrow: { data: fileURLToPath(new URL('../data/flowers.arrow', import.meta.url)), target: 'species' },
};

let runsDir: string;
beforeAll(async () => {
  runsDir = await mkdtemp(join(tmpdir(), 'paragrad-determinism-'));
});
afterAll(() => rm(runsDir, { recursive: true }));

/** SHA-256 of all that follows the header: 8 bytes of its length, little-endian, and as many of JSON. */
async function hashOf(model: string): Promise<string> {
  const bytes = await readFile(model);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  expect(bytes.length).toBeGreaterThan(start);
  return createHash('sha256').update(bytes.subarray(start)).digest('hex');
}

async function trainedHash(config: TrainConfig): Promise<string> {
  const done = await train({ runsDir, ...config }).result;
  const hash = await hashOf(done.model);
  expect(done.weightsSha256).toBe(hash);
  return hash;
}

/** Small enough to be quick, and long enough that each run meets the short last batch of an epoch. */
const options = fc.record(
  {
    optimizer: fc.constantFrom('momentum', 'adam', 'rmsprop'),
    batchSize: fc.constantFrom<(number | 'full')[]>(100, 256, 'full'),
    hidden: fc.array(fc.integer({ min: 1, max: 70 }), { maxLength: 3 }),
    activation: fc.constantFrom('relu', 'leaky_relu', 'tanh', 'sigmoid', 'selu', 'gelu', 'mish'),
    schedule: fc.constantFrom('cosine', 'one_cycle'),
    warmupSteps: fc.constantFrom(0, 2),
    dropout: fc.constantFrom(0, 0.3),
    validation: fc.constantFrom(0, 0.17, 0.3),
    split: fc.constantFrom('random', 'auto'),
    scale: fc.constantFrom('standard', 'robust'),
    encode: fc.subarray<'piecewise' | 'sign' | 'periodic'>(['piecewise', 'sign', 'periodic']),
    kernels: fc.constantFrom(...KERNELS),
    seed: fc.nat(),
    shards: fc.integer({ min: 0, max: 6 }).map((log2) => 2 ** log2),
    l2: fc.constantFrom(0, 0.01),
    clipNorm: fc.constantFrom(0.1, 10),
  },
  { requiredKeys: ['optimizer', 'batchSize', 'hidden', 'validation', 'kernels', 'seed'] },
);
/** Rates at which another order of additions would show in the weights, and yet nothing diverges. */
const reductions = fc.constantFrom(
  { reduction: 'mean', learningRate: 0.01 } as const,
  { reduction: 'sum', learningRate: 1e-4 } as const,
);

describe.each(Object.entries(TABLES))('a run on %s data', (_, table) => {
  it('has the same weights for 1, 2, 3, 5 and 8 workers, whatever the options', async () => {
    await fc.assert(
      fc.asyncProperty(options, reductions, async (chosen, reduction) => {
        const hashes: string[] = [];
        for (const workers of WORKERS) {
          hashes.push(await trainedHash({ ...table, ...chosen, ...reduction, epochs: 1, workers }));
        }
        expect(hashes).toEqual(WORKERS.map(() => hashes[0]));
      }),
      { numRuns: 3 },
    );
  });

  it('has other weights for other kernels, for another seed, and for other shards', async () => {
    const config: TrainConfig = { ...table, hidden: [16], steps: 4, seed: 1, shards: 4, workers: 2 };
    const hashes = [
      ...(await Promise.all(KERNELS.map((kernels) => trainedHash({ ...config, kernels })))),
      await trainedHash({ ...config, kernels: 'wasm-fma', seed: 2 }),
      await trainedHash({ ...config, kernels: 'wasm-fma', shards: 8 }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('has the same weights from the command line, and again from the config that it wrote', async () => {
    const flags = ['--hidden', '24,8', '--optimizer', 'nesterov', '--steps', '5', '--batch-size', '100', '--seed', '7'];
    const { data, target } = table;
    const outcome = await runCli(['train', data, '--target', target, ...flags, '--workers', '3', '--json'], runsDir);
    const done = JSON.parse(outcome.stdout.trim().split('\n').at(-1)!) as DoneEvent;
    const model = join(runsDir, done.model);
    const config: TrainConfig = {
      ...{ ...table, hidden: [24, 8], optimizer: 'nesterov', steps: 5, batchSize: 100, seed: 7 },
      workers: 2,
    };
    expect(done.weightsSha256).toBe(await hashOf(model));
    expect(done.weightsSha256).toBe(await trainedHash(config));

    const written = JSON.parse(await readFile(join(dirname(model), 'config.json'), 'utf8')) as TrainConfig;
    expect(done.weightsSha256).toBe(await trainedHash({ ...written, runsDir, workers: 5 }));
  });
});
