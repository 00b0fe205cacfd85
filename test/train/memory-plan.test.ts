/** What fits a memory limit, by hand-made sizes. */
import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { planOrder } from '../../src/data/order.js';
import { resolveConfig } from '../../src/train/config.js';
import { duckdbBytes, type MemoryRequest, memoryLimit, planStorage } from '../../src/train/memory-plan.js';

const GB = 1e9;

/** A table of doubles: rows of 160 bytes as float32. */
function request(limit: number, trainRows: number, changes: Partial<MemoryRequest> = {}): MemoryRequest {
  const validationRows = trainRows / 4;
  return {
    limit,
    tableRows: trainRows + validationRows,
    trainRows,
    validationRows,
    stride: 40,
    sampleBytes: 0,
    order: planOrder(trainRows, 40),
    batchSize: 4096,
    workingBytes: 1e7,
    threads: 2,
    ...changes,
  };
}

describe('planStorage', () => {
  it('keeps rows in memory where they fit beside what it takes to read them', () => {
    // 2.5M rows: 400 MB, with 10 MB of places and 500 MB for DuckDB.
    expect(planStorage(request(GB, 2e6))).toEqual({ kind: 'memory' });
    expect(planStorage(request(GB, 2.4e6))).toEqual({ kind: 'memory' });
    expect(planStorage(request(GB, 2.5e6)).kind).toBe('file');
    expect(planStorage(request(2 * GB, 2.5e6)).kind).toBe('memory');
  });

  it('reads from a file with three windows of at most 64 MiB, more where batches are longer than a window', () => {
    const plan = planStorage(request(GB, 3e7));
    expect(plan).toMatchObject({ kind: 'file', windows: 3, staging: { stagings: 3 } });
    expect(planStorage(request(GB, 3e7, { batchSize: 5e5 }))).toMatchObject({ kind: 'file', windows: 4 });
  });

  it('refuses what cannot be, with the numbers', () => {
    // One permutation orders 250 MB, so they are needed whole.
    expect(() => planStorage(request(0.4 * GB, 1.5e6))).toThrow(
      'this run needs 508 MB of memory to read its rows, and the limit is 400 MB: DuckDB 200 MB, the places of the rows 8 MB, the rows 300 MB',
    );
    expect(() => planStorage(request(0.13 * GB, 3e7, { tableRows: 0, validationRows: 0 }))).toThrow(
      'this run needs 136 MB of memory to train, and the limit is 130 MB: the network 10 MB, 3 windows of rows 126 MB, ',
    );
    expect(() => planStorage(request(GB, 3e7, { batchSize: 3e7 }))).toThrow(
      expect.objectContaining({ code: 'memory_limit', hint: expect.stringContaining('--batch-size') }),
    );
  });
});

describe('the limit', () => {
  it.each([
    ['1GB', 1e9],
    ['512MiB', 2 ** 29],
    ['1.5 gb', 1.5e9],
    ['700000', 700_000],
    [700_000, 700_000],
  ])('is a size with a unit, or a number of bytes: %s', (memoryLimit, bytes) => {
    expect(resolveConfig({ data: 'a.parquet', target: 'y', memoryLimit }).memoryLimit).toBe(bytes);
  });

  it.each(['', '-1GB', '1XB', 'much', '0', 0, 1.5])('is refused where it is no size: %s', (memoryLimit) => {
    expect(() => resolveConfig({ data: 'a.parquet', target: 'y', memoryLimit })).toThrow(
      `memoryLimit: expected a size such as 1GB or 512MiB, got ${JSON.stringify(memoryLimit)}`,
    );
  });

  it('is what was asked for, or three quarters of what the machine has', () => {
    expect(memoryLimit(1234)).toBe(1234);
    expect(memoryLimit(undefined)).toBeLessThanOrEqual(0.75 * totalmem());
    expect(memoryLimit(undefined)).toBeGreaterThan(0);
  });

  it('leaves DuckDB one half, up to 2 GiB, for all tables together', () => {
    expect(duckdbBytes(GB, 1)).toBe(0.5 * GB);
    expect(duckdbBytes(GB, 3)).toBe(166_666_666);
    expect(duckdbBytes(100 * GB, 2)).toBe(2 ** 30);
  });
});
