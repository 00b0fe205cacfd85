/** Tables that are read from a copy: JSON, compressed ones, queries, tables in memory; and that no copy is left. */
import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Table as ArrowTable, tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { DuckDB } from '../../src/data/duckdb.js';
import { writeParquet } from '../../src/data/formats/convert.js';
import { openTable } from '../../src/data/open.js';
import { copyTo, createStaging } from '../../src/data/staging.js';
import { differences, readOracle } from './oracle.js';
import {
  contents,
  everything,
  ownTemporaryFolder,
  readColumns,
  refusal,
  tableFile,
  withTable,
  writeArrow,
  writeParquetQuery,
  writeText,
} from './tables.js';

const staged = ownTemporaryFolder();

describe('JSON', () => {
  const objects = [
    { a: 1, b: 'x' },
    { a: 2.5, late: true },
    { b: '', a: null },
  ];
  const columns = { a: [1, 2.5, Number.NaN], b: ['x', null, ''], late: [null, 'true', null] };

  it.each([
    ['.json', JSON.stringify(objects)],
    ['.jsonl', objects.map((object) => JSON.stringify(object)).join('\n')],
    ['.ndjson', `${objects.map((object) => JSON.stringify(object)).join('\n')}\n`],
  ])('(%s) has the keys of all its objects as columns', async (extension, text) => {
    expect(await contents(writeText(extension, text))).toEqual(columns);
  });

  it('takes lists of numbers of one length for vectors', async () => {
    const path = writeText('.jsonl', '{"v":[1,2],"w":[1]}\n{"v":[3,null],"w":[1,2]}\n{"w":[]}\n');
    await withTable(path, async (table) => {
      expect(table.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
        'v[0] number',
        'v[1] number',
        'w unsupported',
      ]);
      const found = await readColumns(table.read({ columns: ['v[1]', 'v[0]'] }), ['v[1]', 'v[0]']);
      expect(found).toEqual({ 'v[1]': [2, Number.NaN, Number.NaN], 'v[0]': [1, 3, Number.NaN] });
    });
  });

  it('is refused where it is cut off, by the line', async () => {
    const path = writeText('.jsonl', '{"a":1}\n{"a":2}\n{"a":');
    expect(await refusal(path)).toMatchObject({ code: 'unreadable', message: expect.stringMatching(/in line \d/) });
  });
});

describe('gzip', () => {
  const text = `a,b\n${Array.from({ length: 5000 }, (_, i) => `${i},${(i * 7919) % 1000}\n`).join('')}`;
  const zipped = gzipSync(text);

  it.each(['.csv.gz', '.csv'])('is read, by its bytes and not its name (%s)', async (extension) => {
    const { a } = await contents(writeText(extension, zipped));
    expect(a).toHaveLength(5000);
  });

  it('of JSON is read', async () => {
    expect(await contents(writeText('.jsonl.gz', gzipSync('{"a":1}\n{"a":2}')))).toEqual({ a: [1, 2] });
  });

  it('that is cut off is refused, where DuckDB would take what there is for all of it', async () => {
    const path = writeText('.csv.gz', zipped.subarray(0, zipped.length >> 1));
    expect(await refusal(path)).toMatchObject({ code: 'truncated', message: expect.stringContaining(path) });
  });
});

describe('a query', () => {
  const ORDER = /no ORDER BY/;

  it('is a table, over any files', async () => {
    const path = await writeParquetQuery('SELECT range AS x FROM range(10)');
    const csv = writeText('.csv', 'x,name\n3,three\n5,five\n');
    const query = `SELECT name, x * 2 AS "twice, x" FROM '${path}' JOIN '${csv}' USING (x) ORDER BY x DESC;`;
    await withTable({ query }, async (table) => {
      expect(table.notes).toEqual([]);
      expect(await everything(table)).toEqual({ name: ['five', 'three'], 'twice, x': [10, 6] });
    });
  });

  it.each([
    ['SELECT 1 AS x', true],
    ['SELECT * FROM (SELECT 1 AS x ORDER BY x)', true],
    ["SELECT ' ORDER BY x' AS x", true],
    ['SELECT 1 AS x UNION ALL SELECT 2 ORDER BY x', false],
    ['WITH t AS (SELECT 1 AS x) SELECT * FROM t ORDER BY ALL -- the end', false],
    ['FROM range(3) t(x) ORDER BY x', false],
  ])('says so where its rows are in no order: %s', async (query, warns) => {
    await withTable({ query }, async ({ notes }) => {
      expect(notes).toEqual(warns ? [expect.stringMatching(ORDER)] : []);
    });
  });
});

describe('an Arrow table in memory', () => {
  it('reads as its file does', async () => {
    const table = tableFromIPC(readFileSync(tableFile('ipc-none.arrow')));
    await withTable({ data: table }, async (opened) => {
      expect(await differences(opened, readOracle(tableFile('expected.json')))).toEqual([]);
      expect(opened.blocks).toHaveLength(4);
    });
  });

  it('may be a slice, and have dictionaries that differ', async () => {
    const whole = tableFromIPC(readFileSync(tableFile('stream-dictionary-replaced.arrows')));
    const { grade } = await contents({ data: whole });
    expect(grade).toEqual([...'ABABCDCDBEBE']);
    const slice = tableFromIPC(readFileSync(tableFile('ipc-none.arrow'))).slice(77, 301);
    const { values } = readOracle(tableFile('expected.json')).columns.city;
    expect((await contents({ data: slice })).city).toEqual(values.slice(77, 301));
  });

  it('without rows is refused', async () => {
    expect(await refusal({ data: new ArrowTable({}) })).toMatchObject({ code: 'no_rows' });
  });
});

describe('copies', () => {
  it('live as long as their table', async () => {
    const before = staged();
    for (const request of [
      { data: writeText('.csv', 'a\n1\n') },
      { query: 'SELECT 1 AS a' },
      { data: tableFromIPC(readFileSync(writeArrow({ a: [1] }, 1))) },
    ]) {
      const table = await openTable(request);
      expect(staged()).toHaveLength(before.length + 1);
      await table.close();
      await table.close();
      expect(staged()).toEqual(before);
    }
  });

  it('are removed when the work is interrupted', async () => {
    const before = staged();
    const controller = new AbortController();
    const opening = openTable(
      { query: 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b' },
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(), 100);
    await expect(opening).rejects.toMatchObject({ kind: 'interrupted' });
    expect(staged()).toEqual(before);
  });

  it.runIf(existsSync('/dev/full'))('find out that the disk is full', async () => {
    const duckdb = await DuckDB.open({ threads: 1, subject: 'x.csv' });
    const full = {
      code: 'disk_full',
      message: expect.stringContaining('no space left'),
      hint: expect.stringContaining('TMPDIR'),
    };
    try {
      await expect(
        writeParquet(duckdb, 'SELECT range FROM range(1000000)', '/dev/full', 'x.csv'),
      ).rejects.toMatchObject(full);
    } finally {
      await duckdb.close();
    }
    await expect(copyTo('/dev/full', Readable.from(['a,b\n']), 'standard input')).rejects.toMatchObject(full);
  });

  it('are made in a folder of their own, which is removed whole', async () => {
    const staging = await createStaging();
    await copyTo(staging.path('a'), Readable.from(['x']), 'x');
    expect(readFileSync(staging.path('a'), 'utf8')).toBe('x');
    await staging.remove();
    expect(existsSync(staging.path('a'))).toBe(false);
  });
});
