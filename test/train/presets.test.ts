import { describe, expect, it } from 'vitest';
import { resolveConfig, type TrainConfig } from '../../src/train/config.js';
import { hyperparametersOf } from '../../src/train/hyperparameters.js';
import { PRESET_NAMES } from '../../src/train/presets.js';
import { type ReadTable, type SettledConfig, settleConfig } from '../../src/train/settle.js';

const REGRESSION: ReadTable = { task: 'regression', trainRows: 12_800, validationRows: 3200 };
const BINARY: ReadTable = { ...REGRESSION, task: 'binary' };

function settle(given: Partial<TrainConfig>, table: ReadTable = REGRESSION): SettledConfig {
  return settleConfig(resolveConfig({ data: 'a.arrow', target: 'y', ...given }), table);
}

describe('the preset', () => {
  it('is the recipe, unless what is to be trained is spelt out', () => {
    expect(settle({}).preset).toBe('default');
    expect(settle({ learningRate: 0.1, epochs: 3, batchSize: 64 }).preset).toBe('default');
    const spelt: Partial<TrainConfig>[] = [
      { hidden: [8] },
      { hidden: [] },
      { loss: 'mse' },
      { activation: 'tanh' },
      { optimizer: 'adam' },
    ];
    for (const given of spelt) {
      expect(settle(given).preset).toBe('sgd');
      expect(settle({ ...given, preset: 'default' }).preset).toBe('default');
    }
  });

  it('sgd adds nothing to what is given but the defaults', () => {
    expect(settle({ hidden: [8] })).toMatchObject({
      ...{ hidden: [8], activation: 'relu', optimizer: 'adam', dropout: 0, schedule: 'constant', l2: 0 },
      ...{ batchSize: 256, epochs: 30, restore: 'last', scale: 'standard' },
    });
  });

  it('linear has no hidden layer', () => {
    expect(settle({ preset: 'linear' }).hidden).toEqual([]);
  });

  it.each(PRESET_NAMES)('%s loses to what is given, and settles to itself', (preset) => {
    const given = { preset, dropout: 0.3, activation: 'gelu', epochs: 7, restore: 'last', learningRate: 0.25 } as const;
    for (const table of [REGRESSION, BINARY]) {
      const config = settle(given, table);
      expect(config).toMatchObject(given);
      expect(settle(JSON.parse(JSON.stringify(config)), table)).toEqual(config);
    }
  });

  it('follows the task and the number of rows where it waits for the table', () => {
    expect(settle({}, BINARY).activation).toBe('selu');
    expect(settle({}, REGRESSION).activation).toBe('mish');
    expect(settle({}, { ...BINARY, trainRows: 256 * 60 }).epochs).toBe(35);
    expect(settle({}, { ...BINARY, trainRows: 100 }).epochs).toBe(36);
    expect(settle({}, { ...BINARY, task: 'multiclass', trainRows: 100 }).epochs).toBe(144);
    expect(settle({}, { ...BINARY, trainRows: 1e6 }).epochs).toBe(24);
    expect(settle({ batchSize: 'full' }, BINARY).epochs).toBe(36);
    expect(settle({}, BINARY).restore).toBe('best');
    expect(settle({}, { ...BINARY, validationRows: 0 }).restore).toBe('last');
  });

  it('keeps the constants of its optimizer to itself where another one is asked for', () => {
    const momentum = settle({ preset: 'default', optimizer: 'momentum' });
    expect(momentum.beta2).toBeUndefined();
    expect(hyperparametersOf(momentum).learningRate).toBe(0.01);
    expect(momentum.dropout).toBe(settle({}).dropout);
    expect(settle({ preset: 'default', optimizer: 'adamw' }).beta2).toBe(0.95);
  });
});
