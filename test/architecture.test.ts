/** This repository keeps its own rules; architecture/planted.test.ts shows that each rule can fail. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as rules from './architecture/rules.js';

const root = fileURLToPath(new URL('..', import.meta.url));

function readRepository(): rules.Tree {
  const paths = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0');
  const present = paths.filter((path) => path !== '' && existsSync(join(root, path)));
  return new Map(
    present.map((path) => {
      const bytes = readFileSync(join(root, path));
      return [path, bytes.includes(0) ? null : bytes.toString('utf8')];
    }),
  );
}

const repository = readRepository();

test('the rules look at all that is in version control', () => {
  expect(repository.get('src/errors.ts')).toContain('class ParagradError');
  expect(repository.get('data/houses.parquet')).toBeNull();
});

test.each(Object.entries(rules))('the repository keeps the rule %s', (_, rule) => {
  expect(rule(repository)).toEqual([]);
});
