/** A run whose worker misbehaves ends with that worker's error and number; its threads are gone and nothing is left. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type * as Dist from '../../src/memory/dist.js';
import type { TrainEvent } from '../../src/train/events.js';
import { train } from '../../src/train/run.js';

vi.mock('../../src/memory/dist.js', async (original) => {
  const { distUrl } = await original<typeof Dist>();
  const entry = new URL('../faults/entry.cjs', import.meta.url);
  return { distUrl: (path: string) => (path === 'workers/entry.cjs' ? entry : distUrl(path)) };
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-run-faults-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  delete process.env.FAULT;
});

describe('a run with a worker that', () => {
  it.each([
    ['throws in the second epoch', 'throw:1:1', /^worker 1 failed: planted fault$/, 1],
    ['exits in the third epoch', 'exit:2:2', /^worker 2 failed: worker exited with code: 3$/, 2],
    [
      'fails while it starts',
      'import',
      /^(worker \d|a worker)( \(data 1 of \d+\))? failed: .*planted fault at import/,
      0,
    ],
  ])('%s', async (_, fault, message, epochs) => {
    process.env.FAULT = fault;
    const threads: Worker[] = [];
    const collect = (thread: Worker): void => void threads.push(thread);
    process.on('worker', collect);
    const data = fileURLToPath(new URL('../../data/flowers.arrow', import.meta.url));
    const run = train({
      data,
      target: 'species',
      hidden: [8],
      batchSize: 'full',
      epochs: 5,
      workers: 3,
      runsDir: join(folder, 'runs'),
    });
    const events: TrainEvent[] = [];
    const ending = (async () => {
      for await (const event of run) events.push(event);
    })();
    await expect(ending).rejects.toMatchObject({
      code: 'worker_failed',
      kind: 'internal',
      message: expect.stringMatching(message),
    });
    await expect(run.result).rejects.toMatchObject({ code: 'worker_failed' });
    process.off('worker', collect);

    expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(epochs);
    expect(threads.length).toBeGreaterThanOrEqual(3);
    for (const { threadId } of threads) expect(threadId).toBe(-1);
    expect(await readdir(folder)).toEqual([]);
  });
});
