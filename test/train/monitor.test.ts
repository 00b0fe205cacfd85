/** Monitors while training: healthy runs hear nothing, sick ones what ails them, once; and no bit depends on them being there. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradientFindings, lossFindings } from '../../src/check/monitors.js';
import type { TrainConfig } from '../../src/train/config.js';
import type { FindingEvent } from '../../src/train/events.js';
import { train } from '../../src/train/run.js';
import { writeSafetensors } from '../../src/train/safetensors.js';

const data = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-monitor-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function findings(config: Partial<TrainConfig>): Promise<FindingEvent[]> {
  const found: FindingEvent[] = [];
  const run = train({ data, target: 'price', hidden: [16, 8], epochs: 4, runsDir: join(folder, 'runs'), ...config });
  for await (const event of run) if (event.type === 'finding') found.push(event);
  const { runDir } = await run.result;
  const lines = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ type }) => type === 'finding')).toEqual(JSON.parse(JSON.stringify(found)));
  return found;
}

/** Weights of the run's shapes, drawn small, with a bias for the first layer. */
async function initial(bias: number, inputs: number): Promise<string> {
  const path = join(folder, `bias${bias}.safetensors`);
  const draw = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * 0.4);
  await writeSafetensors(
    path,
    [
      { name: 'W0', shape: [inputs, 16], data: draw(inputs * 16) },
      { name: 'b0', shape: [16], data: new Float32Array(16).fill(bias) },
      { name: 'W1', shape: [16, 8], data: draw(128) },
      { name: 'b1', shape: [8], data: new Float32Array(8) },
      { name: 'W2', shape: [8, 1], data: draw(8) },
      { name: 'b2', shape: [1], data: new Float32Array(1) },
    ],
    {},
  );
  return path;
}

const numbers = { features: ['area_m2', 'rooms', 'year_built'] };

describe('a run', () => {
  it.each(['relu', 'tanh', 'sigmoid'] as const)('in good health hears nothing (%s)', async (activation) => {
    expect(await findings({ activation })).toEqual([]);
  });

  it('with dead units is told, with layer and step, each once', async () => {
    const found = await findings({ ...numbers, init: await initial(-100, 3), workers: 2 });
    const [dead] = found.filter(({ code }) => code === 'dead_units');
    expect(dead).toMatchObject({ severity: 'error', values: { layer: 0, dead: 16, units: 16 } });
    expect(dead.step).toBeGreaterThan(0);
    expect(new Set(found.map(({ code, values }) => `${code}${values.layer}`)).size).toBe(found.length);
  });

  it('with saturated units is told', async () => {
    const found = await findings({ ...numbers, activation: 'tanh', init: await initial(50, 3) });
    expect(found.map(({ code }) => code)).toContain('saturated_units');
  });
});

describe('losses', () => {
  const losses = (train: number[], validation: number[] = []) =>
    train.map((value, i) => ({ epoch: i + 1, train: value, validation: validation[i] }));

  it.each([
    ['falling', losses([3, 2, 1], [3, 2, 1]), []],
    ['growing', losses([1, 2, 4]), ['diverging_loss']],
    ['of an overfit', losses([9, 8, 7, 6, 5, 4, 3], [5, 2, 2.1, 2.2, 2.3, 2.4, 2.6]), ['overfitting']],
    ['of a late rise that is too short', losses([9, 8, 7], [5, 2, 2.6]), []],
    ['of a rise of both', losses([9, 4, 5, 5, 5, 5, 5], [5, 2, 2.1, 2.2, 2.3, 2.4, 2.6]), []],
  ])('%s', (_, history, codes) => expect(lossFindings(history, false, '').map(({ code }) => code)).toEqual(codes));
});

it.each([
  [1, 1, []],
  [71, 1, ['exploding_gradient']],
  [1, 1001, ['vanishing_gradient']],
  [0, 0, []],
])('gradients of norm %d first and %d last', (first, last, codes) =>
  expect(gradientFindings(first, last, '').map(({ code }) => code)).toEqual(codes),
);
