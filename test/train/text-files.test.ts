/** Text files that go with others: what a column holds is known from the table that was trained on, not told anew from a few rows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../src/doctor/doctor.js';
import { evaluate } from '../../src/train/evaluate.js';
import { predict } from '../../src/train/predict.js';
import { train } from '../../src/train/run.js';

const folder = mkdtempSync(join(tmpdir(), 'paragrad-alike-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GRADES = ['1', '2', 'B', 'NA'];
const header = 'grade,x,day,y\n';
const row = (i: number): string => `${GRADES[i % 4]},${i % 7},2024-01-${10 + (i % 9)},${(i % 4) * 10 + (i % 7)}\n`;

let runDir: string;

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function predictions(data: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { columns } of predict(runDir, data)) found.push(...columns[0].values);
  return found;
}

const rows = Array.from({ length: 200 }, (_, i) => row(i)).join('');
beforeAll(async () => {
  const data = write('train.csv', header + rows);
  // Of the held-out rows, no grade is a word and no x is there.
  const validation = write('validation.csv', `${header}1,,2024-01-10,3\n2,NA,2024-01-11,13\n`);
  const shared = { target: 'y', hidden: [8], epochs: 3, workers: 1, runsDir: folder };
  ({ runDir } = await train({ data, validation, ...shared }).result);
});

it('the doctor takes held-out rows for what they are to the run', async () => {
  const kinds = Array.from({ length: 500 }, (_, i) => (i % 100 === 7 ? 'B' : i % 2));
  const text = (grades: readonly unknown[]) =>
    `grade,y\n${grades.map((grade, i) => `${grade},${Math.sin(i)}\n`).join('')}`;
  const data = write('graded.csv', text(kinds));
  const validation = write('numeric.csv', text(kinds.filter((kind) => kind !== 'B')));
  const { findings } = await doctor({ data, validation, target: 'y', hidden: [4] });
  expect(findings.map(({ code }) => code)).not.toContain('held_out_differs');
});

describe('a model', () => {
  it('takes a few rows of a CSV file for what they were among many', async () => {
    const whole = await predictions(write('all.csv', `grade,x,day\n1,3,2024-01-12\n2,,\nB,4,2024-01-13\n`));
    expect(await predictions(write('first.csv', 'grade,x,day\n1,3,2024-01-12\n'))).toEqual(whole.slice(0, 1));
    expect(await predictions(write('empty.csv', 'grade,x,day\n2,,\n'))).toEqual(whole.slice(1, 2));
    expect(await predictions(write('marks.csv', 'grade,x,day\n2,n/a,-\n'))).toEqual(whole.slice(1, 2));
    expect(new Set(whole).size).toBe(3);
  });

  it('knows a mark of a missing value as the category that it was', async () => {
    const [marked] = await predictions(write('na.csv', 'grade,x,day\nNA,3,2024-01-12\n'));
    const [missing] = await predictions(write('none.csv', 'grade,x,day\n,3,2024-01-12\n'));
    expect(marked).not.toBe(missing);
  });

  it('is scored on them', async () => {
    const { rows: scored } = await evaluate(runDir, write('test.csv', `${header}1,,2024-01-12,3\n2,,,13\n`));
    expect(scored).toBe(2);
  });
});
