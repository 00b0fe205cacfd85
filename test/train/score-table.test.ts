/** A table that is scored is read in parts of 65,536 rows; what comes out is the score of all its rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate, predict, train } from '../../src/index.js';
import { writeParquetQuery } from '../data/tables.js';

const ROWS = 140_000;
/** Rows without a target: the whole of the second part. */
const [FIRST, LAST] = [65_536, 131_072];

const runsDir = mkdtempSync(join(tmpdir(), 'paragrad-score-'));
afterAll(() => rmSync(runsDir, { recursive: true, force: true }));

const rowsOf = (count: number, y: string) =>
  writeParquetQuery(
    `SELECT (i * 7919) % 1000 / 500.0 - 1 AS x, (i * 104729) % 997 / 500.0 - 1 AS z, ${y} AS y FROM range(${count}) AS t(i)`,
  );
const gap = (value: string) => `CASE WHEN i >= ${FIRST} AND i < ${LAST} THEN NULL ELSE ${value} END`;

describe.each([
  ['a regression', 'x * 2 - z + sin(i)', false],
  ['two classes', "CASE WHEN x + z + sin(i) > 0 THEN 'yes' ELSE 'no' END", true],
])('a long table is scored as a whole: %s', (_, y, isClass) => {
  let model: string;
  let table: string;
  beforeAll(async () => {
    const data = await rowsOf(2000, y);
    const run = train({ data, target: 'y', hidden: [4], epochs: 2, validation: 0, workers: 1, seed: 1, runsDir });
    ({ model } = await run.result);
    table = await rowsOf(ROWS, gap(y));
  });

  it('with the rows left out that lack a target, though they are a whole part', async () => {
    const { rows, droppedRows, metrics, confusion } = await evaluate(model, table, {
      dropMissingTarget: true,
      workers: 2,
    });
    expect([rows, droppedRows]).toEqual([ROWS - (LAST - FIRST), LAST - FIRST]);
    let sum = 0;
    for await (const window of predict(model, table, { keep: ['y'], workers: 2 })) {
      const [predicted, kept] = ['prediction', 'y'].map((name) => window.columns.find((c) => c.name === name)!.values);
      for (let r = 0; r < window.rows; r++) {
        const row = window.rowStart + r;
        if (row >= FIRST && row < LAST) continue;
        sum += isClass ? Number(predicted[r] === kept[r]) : ((predicted[r] as number) - (kept[r] as number)) ** 2;
      }
    }
    const found = isClass ? (metrics as { accuracy: number }).accuracy : (metrics as { rmse: number }).rmse ** 2;
    expect(Math.abs(found - sum / rows)).toBeLessThan(1e-6);
    if (confusion) expect(confusion.weights.flat().reduce((all, weight) => all + weight, 0)).toBe(rows);
  });

  it('refused with the count of all rows without a target', async () => {
    await expect(evaluate(model, table)).rejects.toThrow(`in ${LAST - FIRST} of ${ROWS} rows, first in row ${FIRST}`);
  });
});
