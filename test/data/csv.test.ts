/** CSV files: what their columns are told to hold, and what is refused. */
import { describe, expect, it } from 'vitest';
import { contents, ownTemporaryFolder, readColumns, refusal, withTable, writeText } from './tables.js';

const staged = ownTemporaryFolder();

describe('CSV', () => {
  it('keeps quoted empty strings apart from nothing, where a column is of strings', async () => {
    const path = writeText('.csv', 'n,s,"""; DROP TABLE t; --"\n1,"",x\n,,"y ""z"""\n"",a,\n"2.5"," b ",w\n');
    expect(await contents(path)).toEqual({
      n: [1, Number.NaN, Number.NaN, 2.5],
      s: ['', null, 'a', ' b '],
      '"; DROP TABLE t; --': ['x', 'y "z"', null, 'w'],
    });
  });

  it('tells the kinds of columns, even where the first rows mislead', async () => {
    const late = Array.from({ length: 30_000 }, (_, i) => `${i},${i < 29_000 ? i : `k${i}`},2024-01-${(i % 9) + 10}\n`);
    const path = writeText('.csv', `a,b,day\n${late.join('')}`);
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
    expect(await contents(writeText(extension, text))).toEqual(columns);
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
    const path = writeText('.csv', `x${delimiter}k\n${values.map((value) => `${value}${delimiter}k\n`).join('')}`);
    expect((await contents(path)).x).toEqual(expected);
  });

  it('leaves out no line, not one that begins with # either', async () => {
    expect((await contents(writeText('.csv', 'tag,x\n#1,k\n3,k\n#2,k\n'))).tag).toEqual(['#1', '3', '#2']);
  });

  it('reads dates and times with marks of missing ones as such', async () => {
    const text = 'd,t\n2024-02-29,-\nNA,2024-02-29 10:20:30\n2024-03-01,2024-03-01 00:00:00\n';
    await withTable(writeText('.csv', text), async ({ columns }) => {
      expect(columns.map(({ kind, type }) => [kind, type])).toEqual([
        ['time', 'DATE'],
        ['time', 'TIMESTAMP'],
      ]);
    });
  });

  it('looks at every row of every file before a text is a number, and says what it made of it', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${i === 2900 ? 'NA' : i},"${i},5"\n`).join('');
    const numbers = writeText('.csv', `x,"a ""b"""\n${rows}`);
    const text = writeText('.csv', '"a ""b""",x\n"1,5",two\n');
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
    expect(await contents(writeText('.csv', encoding === 'utf16le' ? bytes : bytes.swap16()))).toEqual({
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
    const error = await refusal(writeText('.csv', content));
    expect(`${error.message}. ${error.hint}`).toMatch(message);
  });

  it('reads numbers as the nearest float64', async () => {
    const numbers = [0.1, 1 / 3, 2 ** 53 + 2, 5e-324, 1.7976931348623157e308, -123456789.12345679, 1e22];
    const { x } = await contents(writeText('.csv', `x\n${numbers.join('\n')}\nNaN\ninf\n`));
    expect(x).toEqual([...numbers, Number.NaN, Number.POSITIVE_INFINITY]);
  });

  it.each([
    ['a row with too few fields', 'a,b\n1,2\n1\n3,4\n', 'unreadable', /line 3: .*columns/i],
    ['another encoding', Buffer.from('a,b\n1,caf\xe9\n', 'latin1'), 'unreadable', /utf-8/i],
    ['nothing at all', '', 'wrong_format', /does not begin with the names of its columns/],
    ['a header only', 'a,b\n', 'no_rows', /has no rows/],
  ] as const)('is refused where it has %s', async (_, text, code, says) => {
    const before = staged();
    const path = writeText('.csv', text as string);
    const error = await refusal(path);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
    expect(error.message).toContain(path);
    expect(error.message).not.toContain('\n');
    expect(staged()).toEqual(before);
  });
});
