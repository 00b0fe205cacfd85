/** Settings with which nothing is learned, as the doctor names them; beside each the same table with sound ones. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../src/doctor/doctor.js';
import type { TrainConfig } from '../../src/train/config.js';

const data = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));
const flowers = fileURLToPath(new URL('../../data/flowers.arrow', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-settings-'));
  const counted = 'export const loss = (p, y) => Math.abs(p - y) > 0.5 ? 1 : 0; export const gradient = () => 0;';
  await writeFile(join(folder, 'counted.mjs'), counted);
});
afterAll(() => rm(folder, { recursive: true }));

const codes = async (config: TrainConfig): Promise<string[]> =>
  (await doctor({ hidden: [12, 8], ...config })).findings
    .filter(({ severity }) => severity !== 'info')
    .map(({ code }) => code);

describe('the doctor of a table', () => {
  it.each<[string, Partial<TrainConfig>]>([
    ['linear_network', { activation: 'identity' }],
    ['warmup_too_long', { warmupSteps: 1e6 }],
    ['too_few_updates', { batchSize: 'full', epochs: 3 }],
  ])('names %s', async (code, settings) => {
    expect(await codes({ data, target: 'price' })).toEqual([]);
    expect(await codes({ data, target: 'price', ...settings })).toEqual([code]);
  });

  it('names a loss that counts', async () => {
    expect(await codes({ data, target: 'price', loss: join(folder, 'counted.mjs') })).toContain('flat_loss');
  });

  it('names class weights that leave one class', async () => {
    expect(await codes({ data: flowers, target: 'species', classWeights: [2, 1, 1, 1] })).toEqual([]);
    expect(await codes({ data: flowers, target: 'species', classWeights: [1000, 1, 1, 1] })).toContain('row_weights');
  });

  it('looks at a test table', async () => {
    expect(await codes({ data, target: 'price', test: data })).toEqual(['duplicate_rows']);
  });
});
