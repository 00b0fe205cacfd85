/** Tables of large blocks are read some columns at a time: the same bits, and the same first problem. */
import { describe, expect, it } from 'vitest';
import { loadTraining } from '../../src/data/load.js';
import { cutPasses } from '../../src/data/passes.js';
import type { ReadRequest, Table } from '../../src/data/table.js';
import { executeInline } from '../../src/data/tasks.js';
import { type Cells, withTable, writeArrow, writeParquet } from './tables.js';

const OPTIONS = {
  target: 'y',
  validation: 0.2,
  scale: 'standard',
  scaleTarget: 'standard',
  dropMissingTarget: false,
  seed: 1,
  execute: executeInline,
} as const;
const ROWS = 500;

function cells(changes: Cells = {}): Cells {
  const numbers = Array.from({ length: 9 }, (_, c) => [
    `x${c}`,
    Array.from({ length: ROWS }, (_, i) => (i % 7 === c ? null : 1e6 + ((i * (c + 3)) % 101))),
  ]);
  const town = Array.from({ length: ROWS }, (_, i) => ['a', 'b', null][i % 3]);
  const y = Array.from({ length: ROWS }, (_, i) => i % 13);
  return { ...Object.fromEntries(numbers), town, y, ...changes };
}

/** The table as if its rows lay in one huge block, and what is asked of it. */
function huge(table: Table): { table: Table; requests: ReadRequest[] } {
  const requests: ReadRequest[] = [];
  const read = (request: ReadRequest) => {
    requests.push(request);
    return table.read(request);
  };
  return { table: { ...table, blocks: [{ rowStart: 0, rowEnd: 2 ** 22 }], read }, requests };
}

describe('passes', () => {
  it('take as many columns as fit, at least one, and all of them once', () => {
    const blocks = (rows: number) => ({ blocks: [{ rowStart: 0, rowEnd: rows }] }) as unknown as Table;
    expect(cutPasses(blocks(122_880), 20)).toEqual([{ start: 0, end: 20 }]);
    expect(cutPasses(blocks(2 ** 30), 3).map(({ start }) => start)).toEqual([0, 1, 2]);
    expect(cutPasses(blocks(1000), 0)).toEqual([]);
    const wide = cutPasses(blocks(122_880), 501);
    expect(wide.map(({ start }) => start)).toEqual([0, ...wide.slice(0, -1).map(({ end }) => end)]);
    expect(wide.at(-1)!.end).toBe(501);
    expect(Math.max(...wide.map(({ start, end }) => (end - start) * 122_880 * 8))).toBeLessThanOrEqual(2 ** 26);
  });

  it.each([
    ['Parquet', writeParquet],
    ['Arrow', writeArrow],
  ] as const)('give the rows of one pass: %s', async (_, write) => {
    const path = await write(cells(), 97);
    const whole = await withTable(path, (table) => loadTraining({ ...OPTIONS, table }));
    const { loaded, requests } = await withTable(path, async (table) => {
      const cut = huge(table);
      return { loaded: await loadTraining({ ...OPTIONS, table: cut.table }), requests: cut.requests };
    });
    expect(Math.max(...requests.map(({ columns }) => columns.length))).toBeLessThanOrEqual(2);
    expect(requests.length).toBeGreaterThan(10);
    expect(loaded.preprocessing).toEqual(whole.preprocessing);
    expect(loaded.dataset.pieces.map((piece) => Buffer.from(piece))).toEqual(
      whole.dataset.pieces.map((piece) => Buffer.from(piece)),
    );
  });

  it('refuse the first row that cannot be used, whichever pass meets it', async () => {
    const at = (row: number) => Array.from({ length: ROWS }, (_, i) => (i === row ? Number.POSITIVE_INFINITY : i));
    const path = await writeParquet(cells({ x1: at(400), x8: at(30), x5: at(30) }), 97);
    await withTable(path, async (table) => {
      const load = loadTraining({ ...OPTIONS, table: huge(table).table });
      await expect(load).rejects.toThrow(/"x5" holds Infinity at row 30/);
    });
  });
});
