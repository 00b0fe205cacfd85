/** Samples of tables: which rows, read how, and what they are called. */
import { Table as ArrowTable, Float64, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTable } from '../../src/data/open.js';
import { sampleTable } from '../../src/data/sample-table.js';
import type { Table } from '../../src/data/table.js';

const OF = 5000;
const numbers = Array.from({ length: OF }, (_, i) => i);
const source = new ArrowTable({
  row: vectorFromArray(numbers, new Float64()),
  // The last quarter has a value of its own.
  part: vectorFromArray(
    numbers.map((i) => (i < 3750 ? 'early' : 'late')),
    new Utf8(),
  ),
});

async function readRows(table: Table, rowStart = 0, rowEnd = table.rows): Promise<number[]> {
  const found: number[] = [];
  for await (const batch of table.read({ columns: ['row'], rowStart, rowEnd })) {
    const [column] = batch.columns;
    expect(batch.rowStart).toBe(rowStart + found.length);
    if (column.kind === 'number') found.push(...column.values);
  }
  return found;
}

const opened = await openTable({ data: source });

describe('a sample of a table', () => {
  it('is as many rows as asked for, in order, from every part of the table; others for another seed', async () => {
    const sample = sampleTable(opened, 640, 1);
    const rows = await readRows(sample);
    expect(sample.rows).toBe(640);
    expect(rows.length).toBe(640);
    rows.forEach((row, i) => {
      if (i > 0) expect(row).toBeGreaterThan(rows[i - 1]);
      expect(Math.floor((row * 32) / OF)).toBe(Math.floor((i * 32) / 640));
    });
    expect(await readRows(sampleTable(opened, 640, 1))).toEqual(rows);
    expect(await readRows(sampleTable(opened, 640, 2))).not.toEqual(rows);
  });

  it('gives the same rows however they are read', async () => {
    const sample = sampleTable(opened, 700, 3);
    const all = await readRows(sample);
    await fc.assert(
      fc.asyncProperty(fc.nat(699), fc.nat(699), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
        expect(await readRows(sample, from, to)).toEqual(all.slice(from, to));
      }),
      { numRuns: 30 },
    );
  });

  it('knows the values that it holds, and names rows by their file', async () => {
    const sample = sampleTable(opened, 320, 0);
    expect(await sample.distinct(['part'], 10)).toEqual([['early', 'late']]);
    const rows = await readRows(sample);
    rows.forEach((row, i) => {
      const file = sample.files.find(({ rowStart, rowEnd }) => i >= rowStart && i < rowEnd)!;
      expect(i - file.rowStart).toBe(row);
    });
  });

  it('is the table itself where that is small', () => expect(sampleTable(opened, OF, 0)).toBe(opened));
});
