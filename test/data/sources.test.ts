/** Tables of several files: globs, folders, partitions, schemas that differ; and files that change while they are read. */
import { appendFileSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFiles } from '../../src/data/find-files.js';
import { openTable, type TableRequest } from '../../src/data/open.js';
import { survey } from '../../src/data/stages.js';
import { rowRange } from '../../src/data/survey.js';
import type { Table } from '../../src/data/table.js';
import { closeThreadTables, executeInline } from '../../src/data/tasks.js';
import { type Cells, freshPath, readColumns, withTable, writeArrow, writeParquet } from './tables.js';

type Format = 'parquet' | 'arrow' | 'csv' | 'jsonl';

/** Writes a small table at a path whose folders are made. */
async function writeAt(folder: string, name: string, cells: Cells, format: Format): Promise<void> {
  const path = join(folder, `${name}.${format}`);
  mkdirSync(join(path, '..'), { recursive: true });
  if (format === 'parquet') renameSync(await writeParquet(cells, 2048), path);
  else if (format === 'arrow') renameSync(writeArrow(cells, 3), path);
  else {
    const rows = Object.values(cells)[0].map((_, r) =>
      Object.fromEntries(Object.keys(cells).map((c) => [c, cells[c][r]])),
    );
    const csv = [Object.keys(cells), ...rows.map((row) => Object.values(row))].map((line) => line.join(',')).join('\n');
    writeFileSync(path, format === 'csv' ? `${csv}\n` : rows.map((row) => JSON.stringify(row)).join('\n'));
  }
}

const ALL: readonly Format[] = ['parquet', 'arrow', 'csv', 'jsonl'];
const read = (table: Table, ...columns: string[]) => readColumns(table.read({ columns }), columns);
const refusal = (request: TableRequest | string) =>
  openTable(request).then(
    async (table) => {
      await table.close();
      return expect.fail('it was opened');
    },
    (error) => error,
  );

describe.each(ALL)('several %s files', (format) => {
  it('are one table, their rows one after the other, columns matched by name', async () => {
    const folder = freshPath('');
    await writeAt(folder, 'a', { x: [0, 1, 2, 3, 4], s: ['a', 'b', 'c', 'd', 'e'] }, format);
    await writeAt(folder, 'b', { s: ['f', 'g', 'h'], x: [5, 6, 7] }, format);
    await writeAt(folder, 'c', { x: [8, 9], s: ['i', 'j'] }, format);
    const paths = ['c', 'a', 'b'].map((name) => join(folder, `${name}.${format}`));
    await withTable({ data: paths }, async (table) => {
      expect(table.rows).toBe(10);
      expect(table.location).toBe(`${paths[0]} and 2 more files`);
      expect(await read(table, 's', 'x')).toEqual({ s: [...'ijabcdefgh'], x: [8, 9, 0, 1, 2, 3, 4, 5, 6, 7] });
      expect(table.files.map(({ rowStart, rowEnd }) => [rowStart, rowEnd])).toEqual([
        [0, 2],
        [2, 7],
        [7, 10],
      ]);
      for (const [rowStart, rowEnd] of [
        [1, 3],
        [2, 7],
        [6, 8],
        [9, 10],
        [0, 10],
      ]) {
        const starts: number[] = [];
        const part: number[] = [];
        for await (const batch of table.read({ columns: ['x'], rowStart, rowEnd })) {
          starts.push(batch.rowStart);
          if (batch.columns[0].kind === 'number') part.push(...batch.columns[0].values);
        }
        expect(starts[0]).toBe(rowStart);
        expect(part).toEqual([8, 9, 0, 1, 2, 3, 4, 5, 6, 7].slice(rowStart, rowEnd));
      }
      expect(await table.distinct(['s'], 20)).toEqual([[...'abcdefghij']]);
      expect(table.blocks.at(-1)?.rowEnd).toBe(10);
    });
  });

  it('may be named by a folder or a glob, with columns made of the names of folders', async () => {
    const folder = freshPath('');
    await writeAt(folder, 'year=2023/city=Oslo/b', { x: [2, 3] }, format);
    await writeAt(folder, 'year=2022/city=S%C3%A3o Paulo/a', { x: [0, 1] }, format);
    await writeAt(folder, 'year=2023/city=__HIVE_DEFAULT_PARTITION__/c', { x: [4] }, format);
    writeFileSync(join(folder, '_SUCCESS'), '');
    writeFileSync(join(folder, '.hidden.csv'), 'x\n1\n');
    for (const data of [folder, join(folder, '*', '*', `*.${format}`), join(folder, '**', `?.${format}`)]) {
      await withTable({ data }, async (table) => {
        expect(table.columns.map(({ name, kind }) => [name, kind])).toEqual([
          ['x', 'number'],
          ['year', 'number'],
          ['city', 'category'],
        ]);
        const columns = await read(table, 'city', 'x', 'year');
        expect(columns.x.slice(0, 2)).toEqual([0, 1]);
        const rows = columns.x.map((x, i) => [x, columns.year[i], columns.city[i]]).sort();
        expect(rows).toEqual([
          [0, 2022, 'São Paulo'],
          [1, 2022, 'São Paulo'],
          [2, 2023, 'Oslo'],
          [3, 2023, 'Oslo'],
          [4, 2023, null],
        ]);
        expect(await read(table, 'year')).toEqual({ year: columns.year });
        expect(await table.distinct(['city'], 9)).toEqual([['Oslo', 'São Paulo']]);
        expect(await table.nulls(['x', 'city', 'year'])).toEqual([0, 1, 0]);
      });
    }
  });

  it.each([
    ['a column less', { x: [1] }, /b\.\w+ has no column "s", which .*a\.\w+ has/],
    ['a column more', { x: [1], s: ['a'], z: [1] }, /b\.\w+ has a column "z", which .*a\.\w+ has not/],
  ] as const)('are refused where one has %s', async (_, cells, says) => {
    if (format === 'jsonl') return; // a key that an object lacks is a missing value
    const folder = freshPath('');
    await writeAt(folder, 'a', { x: [1], s: ['a'] }, format);
    await writeAt(folder, 'b', cells, format);
    const error = await refusal(folder);
    expect(error).toMatchObject({ code: 'schema_mismatch', message: expect.stringMatching(says) });
  });
});

describe('files that cannot be one table', () => {
  it.each(['parquet', 'arrow'] as const)('hold a column in another type (%s)', async (format) => {
    const folder = freshPath('');
    await writeAt(folder, 'a', { x: [1], s: ['a'] }, format);
    await writeAt(folder, 'b', { x: ['1'], s: ['a'] }, format);
    const { message } = await refusal(folder);
    expect(message).toMatch(/column "x" of .*b\.\w+ holds (VARCHAR|Utf8), expected (DOUBLE|Float64) as in .*a\.\w+/);
  });

  it('are of two formats, or lie under other partitions', async () => {
    const folder = freshPath('');
    await writeAt(folder, 'a', { x: [1] }, 'parquet');
    await writeAt(folder, 'b', { x: [1] }, 'csv');
    expect((await refusal(folder)).message).toMatch(/a\.parquet is Parquet and .*b\.csv is CSV/);
    const lake = freshPath('');
    await writeAt(lake, 'a=1/a', { x: [1] }, 'csv');
    await writeAt(lake, 'b=1/a', { x: [1] }, 'csv');
    expect((await refusal(lake)).message).toMatch(/under the partitions b=, expected a=/);
  });

  it('have a column called like a partition', async () => {
    const folder = freshPath('');
    await writeAt(folder, 'x=1/a', { x: [1] }, 'parquet');
    expect(await refusal(folder)).toMatchObject({ code: 'duplicate_column' });
  });
});

describe('globs', () => {
  it('match names, classes, braces and folders, hidden files only when asked', async () => {
    const folder = freshPath('');
    for (const name of ['a1', 'a2', 'b1', '.c1', 'deep/er/a1', 'we.ird+(x)']) {
      await writeAt(folder, name, { x: [1] }, 'csv');
    }
    const names = async (pattern: string) =>
      (await findFiles([join(folder, pattern)], () => true)).map(({ path }) => path.slice(folder.length + 1, -4));
    expect(await names('*.csv')).toEqual(['a1', 'a2', 'b1', 'we.ird+(x)']);
    expect(await names('?[12].csv')).toEqual(['a1', 'a2', 'b1']);
    expect(await names('[!a]1.csv')).toEqual(['b1']);
    expect(await names('{b1,a1}.csv')).toEqual(['a1', 'b1']);
    expect(await names('**/a1.csv')).toEqual(['a1', 'deep/er/a1']);
    expect(await names('d*/**')).toEqual(['deep/er/a1']);
    expect(await names('.*.csv')).toEqual(['.c1']);
    expect(await names('we.ird+(*).csv')).toEqual(['we.ird+(x)']);
    await expect(names('z*.csv')).rejects.toMatchObject({ code: 'no_such_file' });
  });
});

describe('a file that is not what it was', () => {
  const changes: Record<string, (path: string) => void> = {
    gone: (path) => rmSync(path),
    longer: (path) => appendFileSync(path, ' '),
    'written again': (path) => utimesSync(path, 1, 1),
  };

  it.each(
    Object.keys(changes).flatMap((how) => (['parquet', 'arrow'] as const).map((format) => [how, format] as const)),
  )('(%s) is noticed by the next read, by name (%s)', async (how, format) => {
    const folder = freshPath('');
    for (const name of ['a', 'b']) await writeAt(folder, name, { x: [1, 2], s: ['a', 'b'] }, format);
    await withTable({ data: folder }, async (table) => {
      expect(await read(table, 'x')).toEqual({ x: [1, 2, 1, 2] });
      const path = join(folder, `b.${format}`);
      changes[how](path);
      const message = expect.stringContaining(`${path} ${how === 'gone' ? 'is gone' : 'has changed'}`);
      await expect(read(table, 'x')).rejects.toMatchObject({ code: 'file_changed', message });
      await expect(table.distinct(['s'], 9)).rejects.toMatchObject({ code: 'file_changed' });
    });
  });

  it('is noticed by a thread that opens it later', async () => {
    const path = writeArrow({ x: [1, 2], s: ['a', 'b'] }, 1);
    await withTable(path, async (table) => {
      appendFileSync(path, ' ');
      const request = { target: { name: 'x', known: null }, categories: ['s'], times: [] };
      await expect(survey(table, request, rowRange(0, 2), { execute: executeInline })).rejects.toMatchObject({
        code: expect.stringMatching(/file_changed|truncated/),
      });
    });
    await closeThreadTables();
  });
});
