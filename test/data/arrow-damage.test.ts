/** An Arrow file whose strings lie outside their text is refused, with kernels and without: nothing else is read as if it were they. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openTable } from '../../src/data/open.js';
import { rowRange, surveyRows } from '../../src/data/survey.js';
import { chooseKernels } from '../../src/kernels/load.js';
import { freshPath, writeArrow } from './tables.js';

const ROWS = 50;
/** Text offsets of strings of three bytes. */
const OFFSETS = Buffer.from(Int32Array.from({ length: ROWS + 1 }, (_, i) => 3 * i).buffer);

/** A table of towns of three letters, of which the offset at a row is another one. */
function damaged(row: number, offset: number): string {
  const bytes = readFileSync(writeArrow({ town: Array.from({ length: ROWS }, (_, i) => ['abc', 'def'][i % 2]) }, ROWS));
  const at = bytes.indexOf(OFFSETS);
  expect(at).toBeGreaterThan(0);
  bytes.writeInt32LE(offset, at + 4 * row);
  const path = freshPath('.arrow');
  writeFileSync(path, bytes);
  return path;
}

const { addon } = chooseKernels('auto');
const kernels = [['without kernels', null] as const, ...(addon ? [['with kernels', addon] as const] : [])];

describe.each(kernels)('an Arrow file read %s', (_, addon) => {
  const request = { target: null, categories: ['town'], times: [] };

  it.each([
    ['beyond the text', ROWS, 3 * ROWS + 1000],
    ['before the text', 0, -3],
    ['behind the next one', 7, 300],
  ])('is refused where a string lies %s', async (_, row, offset) => {
    const path = damaged(row, offset);
    const table = await openTable(path);
    const survey = surveyRows(table, request, rowRange(0, ROWS), { addon });
    const message = `${path} cannot be read: a string does not lie in its text`;
    await expect(survey).rejects.toMatchObject({ code: 'unreadable', kind: 'input', message });
    await table.close();
  });

  it('gives its values where none does', async () => {
    const table = await openTable(damaged(7, 21));
    const { categories } = await surveyRows(table, request, rowRange(0, ROWS), { addon });
    expect(categories).toEqual([['abc', 'def']]);
    await table.close();
  });
});
