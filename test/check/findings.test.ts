/** Every code of a finding has its page, every page its code, and every code is raised somewhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { brief, bySeverity, FINDINGS, type Finding } from '../../src/check/finding.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const codes = Object.keys(FINDINGS);

it('each code has a page with its meaning, and each page a code', () => {
  const pages = readdirSync(join(root, 'docs/findings')).filter((name) => name !== 'README.md');
  expect(pages.sort()).toEqual(codes.map((code) => `${code}.md`).sort());
  for (const [code, meaning] of Object.entries(FINDINGS)) {
    expect(readFileSync(join(root, 'docs/findings', `${code}.md`), 'utf8')).toContain(`# \`${code}\`: ${meaning}\n`);
  }
});

it('each code is raised by some source file', () => {
  const folders = ['src/check', 'src/doctor', 'src/train'];
  const files = folders.flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)));
  const text = files
    .filter((path) => path.endsWith('.ts') && !path.endsWith('finding.ts'))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  expect(codes.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});

it('errors come first, otherwise in the order found', () => {
  const of = (severity: Finding['severity'], evidence: string) => ({ severity, evidence }) as Finding;
  const sorted = bySeverity([of('info', 'a'), of('error', 'b'), of('warning', 'c'), of('error', 'd')]);
  expect(sorted.map(({ evidence }) => evidence).join('')).toBe('bdca');
});

it.each([
  [0.001, '0.001'],
  [-300, '-300'],
  [31026121, '3.10e7'],
  [0.000012345, '1.23e-5'],
  [Number.NaN, 'NaN'],
])('%d is written %s', (value, text) => expect(brief(value)).toBe(text));
