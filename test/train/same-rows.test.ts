/**
 * The same rows as Parquet, Arrow (file, stream, memory), CSV, JSON and a query, in several block sizes: the same weights,
 * and of one model the same predictions, bit for bit.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordBatchStreamWriter, tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource, TableRequest } from '../../src/data/open.js';
import { predict } from '../../src/train/predict.js';
import { train } from '../../src/train/run.js';
import { type Cell, type Cells, freshPath, writeArrow, writeParquet } from '../data/tables.js';

const ROWS = 650;
const folder = mkdtempSync(join(tmpdir(), 'paragrad-same-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Numbers on a large offset, missing ones, a category with an empty string and missing ones, booleans, moments. */
function makeCells(): Cells {
  const column = (cell: (row: number) => Cell) => Array.from({ length: ROWS }, (_, row) => cell(row));
  const noise = (row: number) => ((row * 2_654_435_761) % 4_294_967_296) / 2 ** 32;
  return {
    'weird, "name"': column((row) => 1e7 + noise(row)),
    gaps: column((row) => (row % 11 === 3 ? null : noise(row + 5000) * 1e-3)),
    town: column((row) => (row % 13 === 1 ? null : ['Oslo', 'Köln', '', ' Oslo', '東京'][row % 5])),
    garden: column((row) => noise(row + 9000) < 0.4),
    price: column((row) => 2e5 + 1e4 * noise(row) + 500 * (row % 5)),
  };
}

/** A cell as CSV; null is nothing, an empty string is quoted. */
const csvCell = (cell: Cell) =>
  cell === null ? '' : typeof cell === 'string' ? `"${cell.replaceAll('"', '""')}"` : String(cell);

const sources = new Map<string, DataSource | TableRequest>();

beforeAll(async () => {
  const cells = makeCells();
  const names = Object.keys(cells);
  const rows = cells.town.map((_, row) => names.map((name) => cells[name][row]));
  const parquet = await writeParquet(cells, ROWS);
  sources.set('parquet', parquet);
  for (const blockRows of [97, 130, ROWS]) sources.set(`arrow in blocks of ${blockRows}`, writeArrow(cells, blockRows));
  sources.set('arrow with dictionaries', writeArrow(cells, 130, true));
  const memory = tableFromIPC(readFileSync(writeArrow(cells, 97)));
  sources.set('memory', memory);
  const stream = freshPath('.arrows');
  writeFileSync(stream, RecordBatchStreamWriter.writeAll(memory).toUint8Array(true));
  sources.set('arrow stream', stream);
  const csv = freshPath('.csv');
  writeFileSync(
    csv,
    [names.map(csvCell), ...rows.map((row) => row.map(csvCell))].map((line) => line.join(',')).join('\n'),
  );
  sources.set('csv', csv);
  const json = freshPath('.jsonl');
  const objects = rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
  writeFileSync(json, objects.map((object) => JSON.stringify(object)).join('\n'));
  sources.set('json', json);
  // Not over the CSV file: there DuckDB takes quoted empty strings for missing.
  const query = `SELECT * EXCLUDE i FROM (SELECT *, row_number() OVER () AS i FROM '${parquet}') ORDER BY i`;
  sources.set('query', { query });
  const halves = [0, 1].map((half) => {
    const part = Object.entries(cells).map(([name, column]) => [name, column.slice(half * 300, half ? ROWS : 300)]);
    return writeArrow(Object.fromEntries(part), 97);
  });
  sources.set('two files', halves);
});

async function weights(data: DataSource | TableRequest, seed = 0): Promise<{ sha: string; model: string }> {
  const request = typeof data === 'object' && 'query' in data ? data : { data: data as string };
  const run = train({
    ...request,
    target: 'price',
    hidden: [8],
    batchSize: 64,
    epochs: 2,
    workers: 1,
    kernels: 'wasm-strict',
    learningRate: 0.01,
    scale: 'robust',
    encode: ['piecewise', 'sign'],
    seed,
    runsDir: folder,
  } as Parameters<typeof train>[0]);
  const { weightsSha256, model } = await run.result;
  return { sha: weightsSha256, model };
}

/** A hash of the bits of all predictions of a model. */
async function predictions(model: string, data: DataSource | TableRequest): Promise<string> {
  const parts: Buffer[] = [];
  for await (const { columns } of predict(model, data, { workers: 1, kernels: 'wasm-strict' })) {
    const { values } = columns[0];
    if (values instanceof Float64Array) parts.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  }
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex');
}

describe('the same rows', () => {
  it('give the same weights, wherever they are read from', async () => {
    const { sha } = await weights(sources.get('parquet')!);
    expect((await weights(sources.get('parquet')!, 1)).sha).not.toBe(sha);
    const found: Record<string, string> = {};
    for (const [name, data] of sources) found[name] = (await weights(data)).sha;
    expect(found).toEqual(Object.fromEntries([...sources.keys()].map((name) => [name, sha])));
  });

  it('give the same predictions of one model, wherever they are read from', async () => {
    const { model } = await weights(sources.get('arrow in blocks of 130')!);
    const expected = await predictions(model, sources.get('parquet')!);
    const found: Record<string, string> = {};
    for (const [name, data] of sources) found[name] = await predictions(model, data);
    expect(found).toEqual(Object.fromEntries([...sources.keys()].map((name) => [name, expected])));
  });
});
