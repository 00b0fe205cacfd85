/** The survey of a numeric target: counted in SQL and read in part, it says what a survey of every value says. */
import { describe, expect, it } from 'vitest';
import { survey } from '../../src/data/stages.js';
import { MOST_VALUES, rowRange } from '../../src/data/survey.js';
import type { Table } from '../../src/data/table.js';
import { executeInline } from '../../src/data/tasks.js';
import { type Cell, type Cells, withTable, writeArrow, writeParquet } from './tables.js';

const ROWS = 9000;
const REQUEST = { target: { name: 'y', known: null }, categories: [], times: [] };

/** Distinct fractions, but for some rows. */
function fractions(others: Readonly<Record<number, Cell>>): Cells {
  return {
    x: new Array(ROWS).fill(1),
    y: Array.from({ length: ROWS }, (_, i) => others[i] ?? (i in others ? null : i + 0.5)),
  };
}

/** The survey of rows rowStart .. rowEnd (exclusive), those that were left out, and how far the target was read. */
async function surveyed(table: Table, rowStart: number, rowEnd: number) {
  let readTo = rowStart;
  const watched: Table = {
    ...table,
    async *read(request) {
      for await (const batch of table.read(request)) {
        readTo = batch.rowStart + batch.rows;
        yield batch;
      }
    },
  };
  const rows = rowRange(rowStart, rowEnd);
  const { target } = await survey(watched, REQUEST, rows, { execute: executeInline });
  const { distinct, ...rest } = target!;
  return { rest, distinct: distinct.length, slots: new Uint32Array(rows.slots), readTo };
}

describe('the survey of a numeric target', () => {
  it.each<[string, Readonly<Record<number, Cell>>, boolean]>([
    ['nothing else', {}, true],
    ['a negative value at the end', { 8999: -1 }, false],
    ['negative values at once', { 3: -1, 4: -Number.MAX_VALUE, 8000: -2 }, true],
    ['the largest double', { 8000: Number.MAX_VALUE, 8001: -0 }, true],
    ['a null, late', { 8500: null }, false],
    ['a NaN and a null, early, and a NaN late', { 2: Number.NaN, 3: null, 8700: Number.NaN }, false],
    ['missing values, early', { 2: Number.NaN, 3: null }, true],
    ['infinities', { 5: Number.POSITIVE_INFINITY, 8800: Number.NEGATIVE_INFINITY }, true],
  ])('is that of all its values, read or not: %s', async (_, others, early) => {
    const cells = fractions(others);
    await withTable(await writeParquet(cells, 2048), (parquet) =>
      withTable(writeArrow(cells, 1000), async (arrow) => {
        for (const [from, to] of [
          [0, ROWS],
          [1, ROWS - 1],
        ]) {
          const found = await surveyed(parquet, from, to);
          const whole = await surveyed({ ...arrow, decodedBy: 'coordinator' }, from, to);
          expect(whole.readTo).toBe(to);
          expect(found.rest).toEqual(whole.rest);
          expect(found.slots).toEqual(whole.slots);
          expect(found.distinct).toBe(MOST_VALUES + 1);
          if (early) expect(found.readTo).toBeLessThan(to - 2000);
        }
      }),
    );
  });

  it('reads a target of few values to its end', async () => {
    const cells = { x: new Array(ROWS).fill(1), y: Array.from({ length: ROWS }, (_, i) => (i < 8999 ? i % 900 : 0.5)) };
    await withTable(await writeParquet(cells, 2048), async (table) => {
      const found = await surveyed(table, 0, ROWS);
      expect(found).toMatchObject({ distinct: 901, readTo: ROWS, rest: { integers: false, missing: { count: 0 } } });
    });
  });
});
