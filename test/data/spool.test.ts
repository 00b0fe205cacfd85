/** Rows read from the disk while training: the bits that they have in memory, for every format, block and way of reading. */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGather } from '../../src/data/batches.js';
import type { Dataset } from '../../src/data/dataset.js';
import { createMemoryInput, type TrainingInput } from '../../src/data/input.js';
import { loadPlanned, planTraining, type TrainingLoad } from '../../src/data/load.js';
import { loadSpooled, type SpooledTraining, storedBytes } from '../../src/data/load-spooled.js';
import { createOrder, planOrder } from '../../src/data/order.js';
import { createRing, ringWindows } from '../../src/data/ring.js';
import { createSpoolFile, type SpoolFile } from '../../src/data/spool-file.js';
import type { LoadProgress } from '../../src/data/stages.js';
import type { Table } from '../../src/data/table.js';
import { closeThreadTables, type Execute, executeInline } from '../../src/data/tasks.js';
import { type Cell, type Cells, withTable, writeArrow, writeParquet } from './tables.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-spool-'));
});
afterAll(() => rm(folder, { recursive: true }));
const files: SpoolFile[] = [];
afterEach(async () => {
  await Promise.all(files.splice(0).map((file) => file.close()));
  await closeThreadTables();
});

const ROWS = 30_000;
const BATCH = 300;
const ORDER = { wholeBytes: 1 << 16, groupBytes: 1 << 11, windowGroups: 64 };

function randomCells(rows: number): Cells {
  let state = 7;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const make = (cell: () => Cell): Cell[] => Array.from({ length: rows }, cell);
  return {
    large: make(() => 1e7 + next()),
    gaps: make(() => (next() < 0.1 ? null : next() * 9 - 4)),
    town: make(() => (next() < 0.05 ? null : ['Oslo', 'Köln', '東京'][Math.floor(next() * 3)])),
    weight: make(() => Math.floor(next() * 3)),
    price: make(() => (next() < 0.02 ? null : 2e5 + 1e4 * next())),
  };
}

/** One task at a time, on copies, as a thread would. */
let busy: Promise<unknown> = Promise.resolve();
const executeInTurn: Execute = (task, common, parts) => {
  const work = busy.then(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return structuredClone(await executeInline(task, structuredClone(common), structuredClone(parts)));
  });
  busy = work.catch(() => {});
  return work;
};

const cells = randomCells(ROWS);

const OPTIONS = {
  target: 'price',
  weightColumn: 'weight',
  validation: 0.25,
  scale: 'standard',
  scaleTarget: 'standard',
  dropMissingTarget: true,
  seed: 3,
  execute: executeInTurn,
} as const;

interface Spooled {
  readonly spooled: SpooledTraining;
  readonly ring: TrainingInput;
  readonly order: ReturnType<typeof planOrder>;
}

async function spool(table: Table, options: Partial<TrainingLoad>, file?: SpoolFile): Promise<Spooled> {
  const load = { ...OPTIONS, ...options, table };
  const plan = await planTraining(load);
  const spoolFile = file ?? (await createSpoolFile(folder, storedBytes(plan), table.location));
  files.push(spoolFile);
  const spooled = await loadSpooled(plan, load, spoolFile, {
    stagings: 3,
    stretchBytes: 5000 * 4 * plan.layout.stride,
  });
  const order = planOrder(plan.trainRows, plan.layout.stride, ORDER);
  const ring = createRing(spooled, order, load.seed, ringWindows(order, BATCH), 2);
  return { spooled, ring, order };
}

/** Inputs, targets and weights of slots of a dataset. */
function gathered(dataset: Dataset, slots: Uint32Array): number[][] {
  const { inputs } = dataset.layout;
  const x = new Float32Array(slots.length * inputs);
  const y = new Float32Array(slots.length);
  const w = new Float32Array(slots.length);
  createGather(dataset)(slots, slots.length, x, 0, inputs, y, 0, w, 0);
  return Array.from(slots, (_, i) => [...x.subarray(i * inputs, (i + 1) * inputs), y[i], w[i]]);
}

/** Every batch of an epoch, in segments of as many as are ready, and the held-out rows after it. */
async function readEpoch(input: TrainingInput, epoch: number): Promise<{ train: number[][]; held: number[][] }> {
  const { rows } = input.order;
  const train: number[][] = [];
  for (let start = 0; start < rows; ) {
    const ready = await input.train(epoch, start, Math.min(start + BATCH, rows));
    const order = createOrder(ready.order);
    const end = ready.end === rows ? rows : ready.end - (ready.end % BATCH);
    expect(end).toBeGreaterThan(start);
    const slots = new Uint32Array(end - start);
    order.fill(slots, start, slots.length);
    train.push(...gathered(input.dataset, slots));
    start = end;
  }
  const held: number[][] = [];
  for await (const { rowStart, rowEnd } of input.held(epoch)) {
    const slots = Uint32Array.from({ length: rowEnd - rowStart }, (_, i) => rowStart + i);
    held.push(...gathered(input.dataset, slots));
  }
  return { train, held };
}

describe('a spooled table', () => {
  it.each([
    ['Parquet', () => writeParquet(cells, 4096), {}],
    ['Arrow in small blocks', async () => writeArrow(cells, 1999), {}],
    ['Arrow in one block', async () => writeArrow(cells, ROWS, true), {}],
    ['classes without weights', () => writeParquet(cells, ROWS), { target: 'town', weightColumn: undefined }],
    ['nothing held out', async () => writeArrow(cells, 7000), { validation: 0 }],
  ] as const)('trains on the rows that it has in memory, in their order: %s', async (_, write, options) => {
    await withTable(await write(), async (table) => {
      const load = { ...OPTIONS, ...options, table, execute: executeInline };
      const loaded = await loadPlanned(await planTraining(load), load);
      const { spooled, ring, order } = await spool(table, options);
      expect(spooled.preprocessing).toEqual(loaded.preprocessing);
      expect(spooled.layout).toEqual(loaded.dataset.layout);
      expect(order.windows).toBeGreaterThan(5);
      expect(ring.dataset.rows).toBeLessThan(loaded.dataset.rows / 2);
      const memory = createMemoryInput(loaded.dataset, order, OPTIONS.seed);
      for (const epoch of [0, 1]) {
        expect(await readEpoch(ring, epoch)).toEqual(await readEpoch(memory, epoch));
        const [inRing, inMemory] = [ring, memory].map((input) => input.trained(epoch, order.rows, 100));
        expect(inRing.rowEnd - inRing.rowStart).toBe(inMemory.rowEnd - inMemory.rowStart);
      }
      await ring.close();
    });
  });

  it.each([
    ['Arrow', async () => writeArrow(cells, 1999)],
    ['Parquet', () => writeParquet(cells, 4096)],
  ])('tells how far it is (%s)', async (_, write) => {
    await withTable(await write(), async (table) => {
      const told: LoadProgress[] = [];
      await spool(table, { onProgress: (progress) => void told.push(progress) });
      const rows = told.map((progress) => progress.rows);
      expect(rows.length).toBeGreaterThan(4);
      expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
      expect(told.at(-1)).toEqual({ location: table.location, rows: ROWS, of: ROWS });
    });
  });

  it('takes its held-out rows from a table of their own', async () => {
    const validation = writeArrow(randomCells(9000), 800);
    await withTable(writeArrow(cells, 5000), async (table) => {
      await withTable(validation, async (held) => {
        const load = { ...OPTIONS, table, validation: held, execute: executeInline };
        const loaded = await loadPlanned(await planTraining(load), load);
        const { ring, order } = await spool(table, { validation: held });
        const memory = createMemoryInput(loaded.dataset, order, OPTIONS.seed);
        expect(await readEpoch(ring, 0)).toEqual(await readEpoch(memory, 0));
        await ring.close();
      });
    });
  });

  it('keeps what was just trained on, the same rows as in memory', async () => {
    await withTable(writeArrow(cells, 5000), async (table) => {
      const load = { ...OPTIONS, table, execute: executeInline };
      const loaded = await loadPlanned(await planTraining(load), load);
      const { ring, order } = await spool(table, {});
      const memory = createMemoryInput(loaded.dataset, order, OPTIONS.seed);
      for (const end of [BATCH, 7 * BATCH, order.rows]) {
        const rows = await Promise.all(
          [ring, memory].map(async (input) => {
            await input.train(0, Math.max(0, end - BATCH), end);
            const { rowStart, rowEnd } = input.trained(0, end, 40);
            return gathered(
              input.dataset,
              Uint32Array.from({ length: rowEnd - rowStart }, (_, i) => rowStart + i),
            );
          }),
        );
        expect(rows[0]).toEqual(rows[1]);
        expect(rows[0].length).toBeGreaterThan(0);
      }
      await ring.close();
    });
  });

  it.each([
    ['Arrow', async (bad: Cells) => writeArrow(bad, 900)],
    ['Parquet', (bad: Cells) => writeParquet(bad, 2048)],
  ])('names the first value that it cannot use (%s)', async (_, write) => {
    const large = [...cells.large];
    large[25_000] = Number.POSITIVE_INFINITY;
    large[12_345] = Number.NEGATIVE_INFINITY;
    await withTable(await write({ ...cells, large }), async (table) => {
      await expect(spool(table, { dropMissingTarget: true })).rejects.toMatchObject({
        code: 'infinite_value',
        message: expect.stringContaining('at row 12345 '),
      });
    });
  });
});

describe('a spool file', () => {
  it('has no name while it is open', async () => {
    const file = await createSpoolFile(folder, 1000, 'it');
    expect(readdirSync(folder)).toEqual([]);
    await file.close();
    await file.close();
  });

  it('is refused where the disk has no room for it', async () => {
    await expect(createSpoolFile(folder, 2 ** 60, 'huge.parquet')).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringMatching(/^huge\.parquet takes \d+\.\d GB in a temporary file, and .* has room for/),
    });
  });

  it('that cannot be written ends the load with one line', async () => {
    await withTable(writeArrow(randomCells(6000), 900), async (table) => {
      const place = { fd: 2 ** 30, folder, subject: table.location };
      const gone = { place, read: async () => {}, close: async () => {} };
      await expect(spool(table, {}, gone)).rejects.toMatchObject({
        code: 'not_writable',
        message: expect.stringMatching(/^cannot spool .*table-\d+\.arrow to a temporary file in .*EBADF/),
      });
    });
  });

  it('whose rows cannot be read back ends the wait for them', async () => {
    await withTable(writeArrow(cells, 900), async (table) => {
      const file = await createSpoolFile(folder, 0, 'it');
      const cut = {
        ...file,
        read: (into: Uint8Array, position: number) => file.read(into, position + 2 ** 30),
      };
      const { ring } = await spool(table, {}, cut);
      await expect(ring.train(0, 0, BATCH)).rejects.toMatchObject({ code: 'unreadable' });
      await ring.close();
    });
  });
});
