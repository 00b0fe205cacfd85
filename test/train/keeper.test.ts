/** Which weights a run is left with: in a keeper on its own, and in whole runs that overfit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseKernels } from '../../src/kernels/load.js';
import { createPool } from '../../src/parallel/pool.js';
import { openSession, parameterView } from '../../src/parallel/session.js';
import type { TrainConfig } from '../../src/train/config.js';
import type { EpochEvent } from '../../src/train/events.js';
import { createKeeper, type KeeperOptions } from '../../src/train/keeper.js';
import { loadModel } from '../../src/train/model.js';
import { train } from '../../src/train/run.js';
import { BASE, makePlan } from '../parallel/fixtures.js';

describe('a keeper', () => {
  const pool = createPool(1);
  afterAll(() => pool.close());

  /** Offers epochs with these validation losses; weights are the number of the epoch. */
  function offer(losses: readonly number[], options: KeeperOptions): { ran: number; epoch: number; weight: number } {
    const session = openSession(makePlan(BASE, 1), pool, chooseKernels('wasm-fma'));
    const parameters = parameterView(session);
    const keeper = createKeeper(session, options);
    let ran = 0;
    for (const loss of losses) {
      parameters[0] = ++ran;
      if (
        !keeper.offer({ epochs: ran, steps: ran, validation: { loss, metrics: { rmse: 0, mae: 0, r2: 0, mape: 0 } } })
      )
        break;
    }
    parameters[0] = -1;
    return { ran, epoch: keeper.restore().epochs, weight: parameters[0] };
  }

  const falling = [5, 4, 3, 3.5, 3, 6, 2, 7];

  it.each<[KeeperOptions, { ran: number; epoch: number }]>([
    [
      { restore: 'last', patience: null },
      { ran: 8, epoch: 8 },
    ],
    [
      { restore: 'best', patience: null },
      { ran: 8, epoch: 7 },
    ],
    [
      { restore: 'best', patience: 4 },
      { ran: 8, epoch: 7 },
    ],
    // The third epoch is the first of two with the same loss; three epochs without a lower one follow it.
    [
      { restore: 'best', patience: 3 },
      { ran: 6, epoch: 3 },
    ],
    [
      { restore: 'last', patience: 3 },
      { ran: 6, epoch: 6 },
    ],
    [
      { restore: 'best', patience: 1 },
      { ran: 4, epoch: 3 },
    ],
  ])('%j', (options, { ran, epoch }) => {
    expect(offer(falling, options)).toEqual({ ran, epoch, weight: epoch });
  });

  it('goes back to the start where no epoch was sound', () => {
    expect(offer([], { restore: 'best', patience: 2 })).toEqual({ ran: 0, epoch: 0, weight: 0 });
  });
});

describe('a run', () => {
  let runsDir: string;
  beforeAll(async () => {
    runsDir = await mkdtemp(join(tmpdir(), 'paragrad-keeper-'));
  });
  afterAll(() => rm(runsDir, { recursive: true }));

  // Few rows and a high rate: it overfits, and its validation loss goes up and down.
  const config: TrainConfig = {
    data: fileURLToPath(new URL('../../data/flowers.arrow', import.meta.url)),
    target: 'species',
    validation: 0.7,
    hidden: [64],
    learningRate: 0.02,
    epochs: 30,
    workers: 2,
  };

  async function losses(options: Partial<TrainConfig>) {
    const run = train({ ...config, ...options, runsDir });
    const found: number[] = [];
    for await (const event of run) if (event.type === 'epoch') found.push((event as EpochEvent).validation!.loss);
    return { found, done: await run.result };
  }
  const indexOfLeast = (values: readonly number[]): number => values.indexOf(Math.min(...values));

  it('restores the weights of the epoch with the lowest validation loss, bit by bit', async () => {
    const { found, done } = await losses({ restore: 'best' });
    expect(found).toHaveLength(30);
    const best = indexOfLeast(found) + 1;
    expect(best).toBeLessThan(30);
    expect(done).toMatchObject({ epoch: best, steps: done.steps });
    const shorter = await losses({ epochs: best });
    expect(done.weightsSha256).toBe(shorter.done.weightsSha256);
    expect(done.metrics).toEqual(shorter.done.metrics);
    const { description } = (await loadModel(done.model)).members[0];
    expect(description.steps).toBe(shorter.done.steps);
  });

  it('stops when its patience is over, with the best epoch kept, the same for any number of workers', async () => {
    const { found: all } = await losses({});
    const patience = 2;
    const stop = all.findIndex((_, i) => i - indexOfLeast(all.slice(0, i + 1)) >= patience);
    expect(stop).toBeGreaterThan(0);
    const hashes = new Set<string>();
    for (const workers of [1, 3]) {
      const { found, done } = await losses({ patience, workers });
      expect(found).toEqual(all.slice(0, stop + 1));
      expect(done.epoch).toBe(indexOfLeast(found) + 1);
      hashes.add(done.weightsSha256);
    }
    expect(hashes.size).toBe(1);
  });
});
