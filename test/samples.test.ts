/** The committed sample tables are what their script makes, byte for byte. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const data = fileURLToPath(new URL('../data/', import.meta.url));

describe('data/make-samples.mjs', () => {
  let made: string;

  beforeAll(() => {
    made = mkdtempSync(join(tmpdir(), 'paragrad-samples-'));
    execFileSync(process.execPath, [join(data, 'make-samples.mjs'), made], { stdio: 'pipe' });
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));

  test.each(['houses.parquet', 'flowers.arrow', 'founding.parquet'])('makes %s as committed, under 300 kB', (name) => {
    const committed = readFileSync(join(data, name));
    expect(readFileSync(join(made, name)).equals(committed)).toBe(true);
    expect(committed.length).toBeLessThan(300_000);
  });
});
