/** Tables that are read from a copy: CSV, JSON, compressed ones, queries, tables in memory; and that no copy is left. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Table as ArrowTable, tableFromIPC } from 'apache-arrow';
import { afterAll, describe, expect, it } from 'vitest';
import { DuckDB } from '../../src/data/duckdb.js';
import { writeParquet } from '../../src/data/formats/convert.js';
import { openTable, type TableRequest } from '../../src/data/open.js';
import { copyTo, createStaging } from '../../src/data/staging.js';
import type { Table } from '../../src/data/table.js';
import type { ParagradError } from '../../src/errors.js';
import { differences, readOracle } from './oracle.js';
import { freshPath, readColumns, tableFile, withTable, writeArrow, writeParquetQuery } from './tables.js';

function write(extension: string, content: string | Buffer): string {
  const path = freshPath(extension);
  writeFileSync(path, content);
  return path;
}

const everything = (table: Table) => {
  const names = table.columns.map(({ name }) => name);
  return readColumns(table.read({ columns: names }), names);
};
const contents = (request: TableRequest | string) => withTable(request, everything);
const refusal = (request: TableRequest | string): Promise<ParagradError> =>
  withTable(request, async () => expect.fail('it was opened')).catch((error) => error);
/** Others of this machine make copies too: those of these tests have a folder of their own. */
const temporary = mkdtempSync(join(tmpdir(), 'paragrad-copies-'));
process.env.TMPDIR = temporary;
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
const staged = () => readdirSync(temporary).filter((name) => /^paragrad-[A-Za-z0-9]{6}$/.test(name));

describe('CSV', () => {
  it('keeps quoted empty strings apart from nothing, where a column is of strings', async () => {
    const path = write('.csv', 'n,s,"""; DROP TABLE t; --"\n1,"",x\n,,"y ""z"""\n"",a,\n"2.5"," b ",w\n');
    expect(await contents(path)).toEqual({
      n: [1, Number.NaN, Number.NaN, 2.5],
      s: ['', null, 'a', ' b '],
      '"; DROP TABLE t; --': ['x', 'y "z"', null, 'w'],
    });
  });

  it('tells the kinds of columns, even where the first rows mislead', async () => {
    const late = Array.from({ length: 30_000 }, (_, i) => `${i},${i < 29_000 ? i : `k${i}`},2024-01-${(i % 9) + 10}\n`);
    const path = write('.csv', `a,b,day\n${late.join('')}`);
    await withTable(path, async (table) => {
      expect(table.columns.map(({ name, kind }) => [name, kind])).toEqual([
        ['a', 'number'],
        ['b', 'category'],
        ['day', 'time'],
      ]);
      expect(table.rows).toBe(30_000);
      const { b } = await readColumns(table.read({ columns: ['b'], rowStart: 28_999, rowEnd: 29_001 }), ['b']);
      expect(b).toEqual(['28999', 'k29000']);
    });
  });

  it.each([
    ['semicolons', '.csv', 'a;b\n1,5;x\n2,5;y,z\n', { a: [1.5, 2.5], b: ['x', 'y,z'] }],
    ['tabs', '.tsv', 'a\tb\n1\tx y\n', { a: [1], b: ['x y'] }],
    ['bars, and a comma in a quoted name', '.csv', '"a,b,c"|d\n1|2\n', { 'a,b,c': [1], d: [2] }],
    ['nothing: one column', '.csv', 'a\n1\n2\n', { a: [1, 2] }],
    [
      'commas, lines that end as in DOS, a byte order mark',
      '.csv',
      '\ufeffa,b\r\n1,"x\r\ny"\r\n',
      { a: [1], b: ['x\r\ny'] },
    ],
  ])('may have its fields apart by %s', async (_, extension, text, columns) => {
    expect(await contents(write(extension, text))).toEqual(columns);
  });

  const MISSING = Number.NaN;
  it.each<[string, string, string[], unknown[]]>([
    [
      'numbers, marks of missing ones',
      ',',
      ['1.5', 'NA', '?', ' n/a ', '-2e3', ''],
      [1.5, MISSING, MISSING, MISSING, -2000, MISSING],
    ],
    ['whole numbers, NULL', ',', ['123456789012', 'NULL', '1'], [123456789012, MISSING, 1]],
    ["a spreadsheet's errors", ',', ['#DIV/0!', '3', '#N/A'], [MISSING, 3, MISSING]],
    ['NaN and NA', ',', ['1', 'NaN', 'NA'], [1, MISSING, MISSING]],
    ['a decimal comma', ';', ['1,5', '-1.234.567,25', '3'], [1.5, -1234567.25, 3]],
    ['a decimal comma that might be thousands', ';', ['1,234', '5,678'], [1.234, 5.678]],
    ['thousands beside a tab', '\t', ['1,234', '12', '1,234,567.5'], [1234, 12, 1234567.5]],
    ['a decimal comma beside a tab', '\t', ['1,5', '12', '0,25'], [1.5, 12, 0.25]],
    ['dollars', ',', ['"$1,200.50"', '-$3', 'NA'], [1200.5, -3, MISSING]],
    ['percents', ',', ['12.5%', '7 %', '-0.1%'], [12.5, 7, -0.1]],
    ['text: two currencies', ',', ['$1', '€2'], ['$1', '€2']],
    ['text: one word among numbers', ',', ['1', 'NA', 'two'], ['1', 'NA', 'two']],
    ['text: nothing but marks', ',', ['NA', '-'], ['NA', '-']],
    ['text: words that may be a category', ',', ['1', 'none', 'unknown'], ['1', 'none', 'unknown']],
    ['text: addresses, telephones', ',', ['10.0.0.17', '555 12 34', '1.2.3'], ['10.0.0.17', '555 12 34', '1.2.3']],
  ])('reads a column of %s', async (_, delimiter, values, expected) => {
    const path = write('.csv', `x${delimiter}k\n${values.map((value) => `${value}${delimiter}k\n`).join('')}`);
    expect((await contents(path)).x).toEqual(expected);
  });

  it('leaves out no line, not one that begins with # either', async () => {
    expect((await contents(write('.csv', 'tag,x\n#1,k\n3,k\n#2,k\n'))).tag).toEqual(['#1', '3', '#2']);
  });

  it('reads dates and times with marks of missing ones as such', async () => {
    const text = 'd,t\n2024-02-29,-\nNA,2024-02-29 10:20:30\n2024-03-01,2024-03-01 00:00:00\n';
    await withTable(write('.csv', text), async ({ columns }) => {
      expect(columns.map(({ kind, type }) => [kind, type])).toEqual([
        ['time', 'DATE'],
        ['time', 'TIMESTAMP'],
      ]);
    });
  });

  it('looks at every row of every file before a text is a number, and says what it made of it', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${i === 2900 ? 'NA' : i},"${i},5"\n`).join('');
    const numbers = write('.csv', `x,"a ""b"""\n${rows}`);
    const text = write('.csv', '"a ""b""",x\n"1,5",two\n');
    await withTable(numbers, async ({ columns, notes, location }) => {
      expect(columns.map(({ kind }) => kind)).toEqual(['number', 'number']);
      expect(notes).toEqual([
        `${location} has marks that are read as missing values: "NA" in "x" (1 of 3000)`,
        `${location}: numbers have a decimal comma in "a \\"b\\""`,
      ]);
    });
    await withTable({ data: [numbers, text] }, async ({ columns }) => {
      expect(columns.map(({ kind }) => kind)).toEqual(['category', 'number']);
    });
  });

  it.each(['utf16le', 'utf16be'])('is read in %s too, as spreadsheets write it', async (encoding) => {
    const bytes = Buffer.from('\ufeffname,x\nGröße 𝄞,1\n', 'utf16le');
    expect(await contents(write('.csv', encoding === 'utf16le' ? bytes : bytes.swap16()))).toEqual({
      name: ['Größe 𝄞'],
      x: [1],
    });
  });

  it.each([
    ['another encoding', Buffer.from('name,x\nGröße,1\n', 'latin1'), /line 2: .*iconv -f WINDOWS-1252 -t UTF-8/],
    [
      'a quote that is not closed',
      Buffer.from('a,b\n"1,2\n3,4\n'),
      /line 2: Value with unterminated quote.*double quotes/,
    ],
    ['a line of fewer fields', Buffer.from('a,b\n1,2\n3\n'), /line 3: .*Every line has as many fields as the first/],
  ])('refuses %s with the way out', async (_, content, message) => {
    const error = await refusal(write('.csv', content));
    expect(`${error.message}. ${error.hint}`).toMatch(message);
  });

  it('reads numbers as the nearest float64', async () => {
    const numbers = [0.1, 1 / 3, 2 ** 53 + 2, 5e-324, 1.7976931348623157e308, -123456789.12345679, 1e22];
    const { x } = await contents(write('.csv', `x\n${numbers.join('\n')}\nNaN\ninf\n`));
    expect(x).toEqual([...numbers, Number.NaN, Number.POSITIVE_INFINITY]);
  });

  it.each([
    ['a row with too few fields', 'a,b\n1,2\n1\n3,4\n', 'unreadable', /line 3: .*columns/i],
    ['another encoding', Buffer.from('a,b\n1,caf\xe9\n', 'latin1'), 'unreadable', /utf-8/i],
    ['nothing at all', '', 'wrong_format', /does not begin with the names of its columns/],
    ['a header only', 'a,b\n', 'no_rows', /has no rows/],
  ] as const)('is refused where it has %s', async (_, text, code, says) => {
    const before = staged();
    const path = write('.csv', text as string);
    const error = await refusal(path);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
    expect(error.message).toContain(path);
    expect(error.message).not.toContain('\n');
    expect(staged()).toEqual(before);
  });
});

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
    expect(await contents(write(extension, text))).toEqual(columns);
  });

  it('takes lists of numbers of one length for vectors', async () => {
    const path = write('.jsonl', '{"v":[1,2],"w":[1]}\n{"v":[3,null],"w":[1,2]}\n{"w":[]}\n');
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
    const path = write('.jsonl', '{"a":1}\n{"a":2}\n{"a":');
    expect(await refusal(path)).toMatchObject({ code: 'unreadable', message: expect.stringMatching(/in line \d/) });
  });
});

describe('gzip', () => {
  const text = `a,b\n${Array.from({ length: 5000 }, (_, i) => `${i},${(i * 7919) % 1000}\n`).join('')}`;
  const zipped = gzipSync(text);

  it.each(['.csv.gz', '.csv'])('is read, by its bytes and not its name (%s)', async (extension) => {
    const { a } = await contents(write(extension, zipped));
    expect(a).toHaveLength(5000);
  });

  it('of JSON is read', async () => {
    expect(await contents(write('.jsonl.gz', gzipSync('{"a":1}\n{"a":2}')))).toEqual({ a: [1, 2] });
  });

  it('that is cut off is refused, where DuckDB would take what there is for all of it', async () => {
    const path = write('.csv.gz', zipped.subarray(0, zipped.length >> 1));
    expect(await refusal(path)).toMatchObject({ code: 'truncated', message: expect.stringContaining(path) });
  });
});

describe('a query', () => {
  const ORDER = /no ORDER BY/;

  it('is a table, over any files', async () => {
    const path = await writeParquetQuery('SELECT range AS x FROM range(10)');
    const csv = write('.csv', 'x,name\n3,three\n5,five\n');
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
      { data: write('.csv', 'a\n1\n') },
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
