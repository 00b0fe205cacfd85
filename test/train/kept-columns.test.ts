/** Times that predictions are written beside read as they stand in the table; a note of a query is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate, predict, train } from '../../src/index.js';
import { writeParquetQuery } from '../data/tables.js';

const runsDir = mkdtempSync(join(tmpdir(), 'paragrad-kept-'));
afterAll(() => rmSync(runsDir, { recursive: true, force: true }));

describe('a column of times is kept', () => {
  let model: string;
  beforeAll(async () => {
    const data = await writeParquetQuery('SELECT i AS x, 2 * i AS y FROM range(50) AS t(i)');
    const run = train({ data, target: 'y', hidden: [2], epochs: 1, validation: 0, workers: 1, seed: 1, runsDir });
    ({ model } = await run.result);
  });

  it.each([
    ['DATE', ['2024-02-29', '1969-12-31', '0044-03-15']],
    ['TIMESTAMP', ['2024-02-29T23:59:59.123456Z', '1969-12-31T23:59:59.999Z', '2000-01-01T00:00:00Z']],
    ['TIMESTAMP WITH TIME ZONE', ['2024-02-29T10:20:00Z', '1900-01-01T00:00:00.000001Z', '2100-12-31T01:02:03.5Z']],
    ['TIME', ['00:00:00', '23:59:59.999999', '10:20:30']],
  ])('as %s', async (type, texts) => {
    const values = [...texts.map((text) => `'${text}'`), 'NULL'].join(', ');
    const path = await writeParquetQuery(`SELECT 1.0 AS x, CAST(unnest([${values}]) AS ${type}) AS t`);
    for await (const { columns } of predict(model, path, { keep: ['t'], workers: 1 })) {
      expect(columns[1]).toEqual({ name: 't', type: 'string', values: [...texts, null] });
    }
  });

  it('and a query without an order is noted', async () => {
    const query = `SELECT * FROM '${await writeParquetQuery('SELECT 1.0 AS x, 2.0 AS y FROM range(9)')}'`;
    const notes: string[] = [];
    const options = { workers: 1, onNote: (note: string) => notes.push(note) };
    for await (const { rows } of predict(model, { query }, options)) expect(rows).toBe(9);
    await evaluate(model, { query }, options);
    expect(notes).toHaveLength(2);
    for (const note of notes) expect(note).toContain('ORDER BY');
  });
});
