/** Runs whose loss runs away: where they stop, what is left of them, and how they go on; the same bits for any number of workers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParagradError } from '../../src/errors.js';
import { denseNetwork, planNetwork } from '../../src/nn/network.js';
import { resolveConfig, type TrainConfig } from '../../src/train/config.js';
import type { TrainEvent } from '../../src/train/events.js';
import { loadModel } from '../../src/train/model.js';
import type { RowSizes } from '../../src/train/rows.js';
import { readRunState } from '../../src/train/run-state.js';
import { runTraining } from '../../src/train/trainer.js';

const data = fileURLToPath(new URL('../../data/houses.parquet', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-recovery-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The rate rises until the run cannot bear it, in the middle of its only epoch. */
const RISING: TrainConfig = {
  ...{ data, target: 'price', hidden: [12], epochs: 1, validation: 0.1 },
  ...{ optimizer: 'sgd', learningRate: 2, warmupSteps: 400, batchSize: 2 },
};

interface Outcome {
  readonly events: readonly TrainEvent[];
  readonly error: ParagradError | null;
  /** Of the model that was left, if one was. */
  readonly weights: string | undefined;
  readonly steps: number;
}

let runs = 0;
async function run(config: Partial<TrainConfig>, sizes?: RowSizes): Promise<Outcome> {
  const events: TrainEvent[] = [];
  const name = `run${runs++}`;
  const resolved = resolveConfig({ ...RISING, ...config, name, runsDir: folder });
  const error = await runTraining(
    resolved,
    new AbortController().signal,
    (event) => void events.push(event),
    sizes,
  ).then(
    () => null,
    (thrown: unknown) => {
      if (thrown instanceof ParagradError) return thrown;
      throw thrown;
    },
  );
  const model = await loadModel(join(folder, `${name}-1`)).catch(() => null);
  return { events, error, weights: model?.weightsSha256, steps: model?.members[0].description.steps ?? 0 };
}

const halved = ({ events }: Outcome) =>
  events.flatMap((event) => (event.type === 'finding' && event.code === 'rate_halved' ? [event.values] : []));

describe('a loss that runs away in the middle of an epoch', () => {
  it('ends the run there with code 3: cause, layer and last good weights in one line', async () => {
    const { error, steps } = await run({ workers: 1 });
    expect(error).toMatchObject({ code: 'diverged', kind: 'diverged', exitCode: 3 });
    const line =
      /^training diverged: the loss of step (\d+) \(epoch 1\) is .*; W[01] grew most, from [\d.]+ to \S+ in size; .*the weights of step (\d+) are kept in \S+model\.safetensors$/;
    const [, step, kept] = line.exec(error!.message)!;
    expect(Number(kept)).toBe(steps);
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(Number(step));
  });

  it('leaves the state from which the doctor goes on', async () => {
    const { weights, steps } = await run({ workers: 2 });
    const { members, weightsSha256 } = await loadModel(join(folder, `run${runs - 1}-1`));
    const [{ description, tensors }] = members;
    const network = planNetwork(description.network);
    const state = await readRunState(join(folder, `run${runs - 1}-1`), { network, optimizer: 'sgd', ema: null });
    expect(state).toMatchObject({ steps, updates: steps, rateFactor: 1 });
    expect(state.divergedAt).toBeGreaterThan(steps);
    expect(weightsSha256).toBe(weights);
    const first = network.tensors[0];
    expect(state.snapshot.parameters.slice(first.offset, first.offset + first.columns)).toEqual(
      tensors[0].data.slice(0, first.columns),
    );
    const other = { network: planNetwork(denseNetwork([2, 3, 1], 'relu')), optimizer: 'sgd', ema: null } as const;
    await expect(readRunState(join(folder, `run${runs - 1}-1`), other)).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('with backoff goes on at half the rate to the end, in the same bits for 1, 2 and 3 workers, monitors on and off, rows in a file', async () => {
    const order = { wholeBytes: 2000, groupBytes: 400, windowGroups: 8 };
    const outcomes = [
      await run({ onDivergence: 'backoff', workers: 1 }, { order, storage: 'memory' }),
      await run({ onDivergence: 'backoff', workers: 2, monitors: 'off' }, { order, storage: 'memory' }),
      await run({ onDivergence: 'backoff', workers: 3 }, { order, storage: 'file' }),
    ];
    const [first] = outcomes;
    expect(first.error).toBeNull();
    expect(first.weights).toBeDefined();
    const [once, ...more] = halved(first);
    expect(once).toMatchObject({ learningRate: 1 });
    expect(more.length).toBeLessThan(9);
    for (const outcome of outcomes) {
      expect(outcome.weights).toBe(first.weights);
      expect(halved(outcome)).toEqual(halved(first));
    }
  });
});

it('gives up after ten halvings, and says what the last one met', async () => {
  const outcome = await run({ onDivergence: 'backoff', learningRate: 1e25, warmupSteps: 0, hidden: [4] });
  expect(outcome.error).toMatchObject({
    code: 'diverged',
    message: expect.stringMatching(/nothing was learned before it/),
  });
  expect(halved(outcome)).toHaveLength(10);
});

it('keeps the best epoch where that was asked for', async () => {
  const { error, steps } = await run({ epochs: 8, batchSize: 20, warmupSteps: 600, restore: 'best' });
  expect(error?.message).toMatch(/the weights of epoch \d are kept/);
  const { description } = (await loadModel(join(folder, `run${runs - 1}-1`))).members[0];
  expect(description.validation).not.toBeNull();
  expect(steps % Math.ceil(description.rows.train / 20)).toBe(0);
});

it.each(['adam', 'momentum'] as const)(
  'a healthy run is the same with monitors and without (%s)',
  async (optimizer) => {
    const calm = { optimizer, learningRate: 0.002, warmupSteps: 0, epochs: 3, batchSize: 40 } as const;
    const [on, off] = [await run({ ...calm, workers: 2 }), await run({ ...calm, monitors: 'off', workers: 1 })];
    expect(on.error).toBeNull();
    expect(on.weights).toBe(off.weights);
    const looked = on.events.flatMap((event) => (event.type === 'epoch' && event.layers ? [event.epoch] : []));
    expect(looked).toEqual([1, 2]);
    expect(off.events.every((event) => event.type !== 'epoch' || event.layers === undefined)).toBe(true);
  },
);
