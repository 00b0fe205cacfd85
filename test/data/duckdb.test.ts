/** The engine ends in order: interrupted by a signal or by close, at any moment. */
import { describe, expect, it } from 'vitest';
import { DuckDB } from '../../src/data/duckdb.js';
import { numbers } from '../../src/data/duckdb-chunk.js';
import { ParagradError } from '../../src/errors.js';

/** Runs for minutes unless it is interrupted. */
const ENDLESS = 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b';

const open = () => DuckDB.open({ threads: 2, subject: 'big.parquet' });

async function interruption(work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => new Error('it ended by itself'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ParagradError)) throw error;
  expect(error.code).toBe('interrupted');
  expect(error.kind).toBe('interrupted');
  expect(error.message).toContain('big.parquet');
}

describe('DuckDB', () => {
  it.each([0, 1, 5, 50])('is interrupted by a signal after %i ms, and goes on working', async (delay) => {
    const duckdb = await open();
    const controller = new AbortController();
    const query = duckdb.rows(ENDLESS, controller.signal);
    setTimeout(() => controller.abort(), delay);
    await interruption(query);
    expect(await duckdb.rows('SELECT 42')).toEqual([[42]]);
    await duckdb.close();
  });

  it('does not start when the signal is aborted already', async () => {
    const duckdb = await open();
    await interruption(duckdb.rows(ENDLESS, AbortSignal.abort()));
    await duckdb.close();
  });

  it.each([0, 1, 5, 50])('waits for its queries to end when closed after %i ms', async (delay) => {
    const duckdb = await open();
    const queries = [duckdb.rows(ENDLESS), duckdb.rows(ENDLESS)].map(interruption);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await Promise.all([duckdb.close(), duckdb.close()]);
    await Promise.all(queries);
    await interruption(duckdb.rows('SELECT 1'));
  });

  it('streams chunks in order, and stops where the reader stops', async () => {
    const duckdb = await open();
    let next = 0;
    for await (const chunk of duckdb.chunks('SELECT CAST(range AS DOUBLE) FROM range(1000000)')) {
      for (const value of numbers(chunk, 0)) if (value !== next++) throw new Error(`row ${next} is ${value}`);
      if (next > 300_000) break;
    }
    expect(next).toBeGreaterThan(300_000);
    expect(next).toBeLessThan(1_000_000);
    expect(await duckdb.rows('SELECT 42')).toEqual([[42]]);
    await duckdb.close();
  });

  it('ends a stream when it is closed or its signal is aborted between two chunks', async () => {
    for (const how of ['close', 'abort']) {
      const duckdb = await open();
      const controller = new AbortController();
      await interruption(
        (async () => {
          for await (const _ of duckdb.chunks('SELECT range FROM range(100000000)', controller.signal)) {
            if (how === 'close') await duckdb.close();
            else controller.abort();
          }
        })(),
      );
      await duckdb.close();
    }
  });

  it('reports what is wrong with a query in one line', async () => {
    const duckdb = await open();
    await expect(duckdb.rows('SELECT nothing')).rejects.toThrow(/^big\.parquet cannot be read: [^\n]*nothing[^\n]*$/);
    await duckdb.close();
  });
});
