import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Target } from '../../src/data/preprocess.js';
import { ParagradError } from '../../src/errors.js';
import { LOSSES } from '../../src/nn/losses/index.js';
import { LOSS_DEFAULTS } from '../../src/nn/losses/loss.js';
import { OPTIMIZERS } from '../../src/nn/optimizers/index.js';
import { configSchema, resolveConfig } from '../../src/train/config.js';
import { hyperparametersOf } from '../../src/train/hyperparameters.js';
import { choicesOf, optionHints } from '../../src/train/options.js';
import { lossForTask, outputsFor, TASKS } from '../../src/train/task.js';

const least = { data: 'houses.parquet', target: 'price' };

/** The one line that a person sees: message, then hint. */
function refusal(input: unknown, nameOf?: (key: string) => string): string {
  try {
    resolveConfig(input, nameOf);
  } catch (error) {
    expect(error).toBeInstanceOf(ParagradError);
    const { message, hint, exitCode } = error as ParagradError;
    expect(exitCode).toBe(2);
    expect(message).not.toContain('\n');
    return hint === undefined ? message : `${message}. ${hint}`;
  }
  throw new Error('was not refused');
}

describe('resolveConfig', () => {
  it('needs data and target only, and fills in the rest', () => {
    expect(resolveConfig({ ...least, preset: 'sgd' })).toEqual({
      ...least,
      preset: 'sgd',
      members: 1,
      validation: 0.2,
      split: 'random',
      hidden: [256, 256, 256],
      activation: 'relu',
      dropout: 0,
      dropoutSchedule: 'constant',
      learnedActivation: false,
      inputScale: false,
      residual: false,
      layerNorm: false,
      init: 'he',
      reduction: 'mean',
      optimizer: 'adam',
      schedule: 'constant',
      warmupSteps: 0,
      layerRates: 'uniform',
      biasRate: 1,
      decay: 'all',
      decaySchedule: 'constant',
      l2: 0,
      monitors: 'on',
      onDivergence: 'stop',
      batchSize: 256,
      epochs: 30,
      scale: 'standard',
      scaleTarget: 'standard',
      encode: [],
      clampTarget: false,
      allowWrongGradient: false,
      dropMissingTarget: false,
      workers: 'auto',
      kernels: 'auto',
      seed: 0,
      runsDir: 'runs',
    });
  });

  it('refuses pieces that no hidden layer can have', () => {
    const sgd = { ...least, preset: 'sgd' };
    expect(refusal({ ...sgd, layerNorm: true, hidden: [] })).toBe(
      'layerNorm is about hidden layers, and there are none. Leave it out, or give hidden some widths.',
    );
    expect(refusal({ ...sgd, residual: true, hidden: [8, 4, 8] })).toBe(
      'residual joins hidden layers of equal width, and no two in a row of hidden "8,4,8" have that. ' +
        'Leave it out, or repeat a width: hidden 256,256.',
    );
    expect(resolveConfig({ ...sgd, residual: true, hidden: [4, 8, 8] })).toMatchObject({ residual: true });
  });

  it('resolves what it resolved to itself', () => {
    const config = resolveConfig({ ...least, shards: 8, hidden: [], batchSize: 'full', task: 'regression' });
    expect(resolveConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{}, 'target: expected a column name, got nothing'],
    [
      { target: 'y' },
      'missing data: expected data or query. Name a file, a folder or a glob, or - for standard input.',
    ],
    [{ data: 7, target: 'y' }, 'data: expected a path, a list of paths, or an Arrow table, got 7'],
    [
      { ...least, query: 'SELECT 1' },
      "data and query both say what to read. Name the files in the query: SELECT * FROM 'houses.parquet'.",
    ],
    [{ ...least, format: 'xml' }, 'unknown format "xml", expected one of parquet, arrow, csv, json'],
    [{ data: 'a.arrow' }, 'target: expected a column name, got nothing'],
    ['a.arrow', 'options must be an object, got "a.arrow"'],
    [null, 'options must be an object, got null'],
    [{ ...least, lerningRate: 1 }, 'unknown option "lerningRate". Did you mean "learningRate"?'],
    [{ ...least, learningRate: -0.1 }, 'learningRate: expected a number above 0, got -0.1'],
    [{ ...least, learningRate: 0 }, 'learningRate: expected a number above 0, got 0'],
    [{ ...least, learningRate: Number.NaN }, 'learningRate: expected a number above 0, got NaN'],
    [{ ...least, learningRate: Number.POSITIVE_INFINITY }, 'learningRate: expected a number above 0, got Infinity'],
    [{ ...least, learningRate: 'fast' }, 'learningRate: expected a number above 0, got "fast"'],
    [{ ...least, batchSize: 0 }, 'batchSize: expected a whole number of at least 1, or "full", got 0'],
    [{ ...least, batchSize: 1.5 }, 'batchSize: expected a whole number of at least 1, or "full", got 1.5'],
    [{ ...least, batchSize: 'all' }, 'batchSize: expected a whole number of at least 1, or "full", got "all"'],
    [{ ...least, shards: 3 }, 'shards: expected a power of two (1, 2, 4, 8 …), got 3'],
    [{ ...least, shards: 0 }, 'shards: expected a power of two (1, 2, 4, 8 …), got 0'],
    [{ ...least, shards: 2 ** 40 + 1 }, `shards: expected a power of two (1, 2, 4, 8 …), got ${2 ** 40 + 1}`],
    [{ ...least, workers: 0 }, 'workers: expected a whole number of at least 1, or "auto", got 0'],
    [{ ...least, epochs: 0 }, 'epochs: expected a whole number of at least 1, got 0'],
    [{ ...least, seed: -1 }, `seed: expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got -1`],
    [{ ...least, seed: 2 ** 53 }, `seed: expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got ${2 ** 53}`],
    [{ ...least, momentum: 1 }, 'momentum: expected a number from 0 up to, but not including, 1, got 1'],
    [{ ...least, l2: -1 }, 'l2: expected a number of at least 0, got -1'],
    [{ ...least, clipNorm: 0 }, 'clipNorm: expected a number above 0, got 0'],
    [
      { ...least, validation: 1 },
      'validation: expected a fraction from 0 up to, but not including, 1, or the path of a file, got 1',
    ],
    [
      { ...least, hidden: [64, 0] },
      'hidden: expected a list of layer widths, each a whole number of at least 1, got [64,0]',
    ],
    [{ ...least, hidden: 64 }, 'hidden: expected a list of layer widths, each a whole number of at least 1, got 64'],
    [
      { ...least, preset: 'sgd', momentum: 0.5 },
      'momentum has no effect on adam, which reads learningRate, weightDecay, beta1, beta2, epsilon. Leave it out, or choose optimizer momentum or nesterov.',
    ],
    [
      { ...least, optimizer: 'sgd', beta2: 0.5 },
      'beta2 has no effect on sgd, which reads learningRate, weightDecay. Leave it out, or choose optimizer adam or adamw.',
    ],
    [
      { ...least, loss: 'mse', quantile: 0.9 },
      'quantile has no effect on loss mse. Leave it out, or choose loss quantile.',
    ],
    [
      { ...least, task: 'regression', labelSmoothing: 0.1 },
      'labelSmoothing has no effect on loss mse. Leave it out, or choose loss bce or cross_entropy.',
    ],
    [
      { ...least, validation: 0, patience: 3 },
      'patience compares epochs by held-out rows, and validation is 0. Hold some rows out, or leave patience away.',
    ],
    [
      { ...least, validation: 0, restore: 'best' },
      'restore compares epochs by held-out rows, and validation is 0. Hold some rows out, or leave restore away.',
    ],
    [
      { ...least, split: 'time:' },
      'unknown split "time:", expected random, stratified, auto, time:COLUMN or group:COLUMN',
    ],
    [
      { ...least, split: 'group:town', validation: 'held.csv' },
      'split says which rows of the table are held out, and validation is a file. Leave split out, or give validation a fraction.',
    ],
    [
      { ...least, split: 'stratified', validation: 0 },
      'split says which rows of the table are held out, and validation is 0. Leave split out, or give validation a fraction.',
    ],
    [{ ...least, quantile: 1 }, 'quantile: expected a number above 0 and below 1, or an ascending list of them, got 1'],
    [
      { ...least, quantile: [0.1, 0.9, 0.5] },
      'quantile: expected a number above 0 and below 1, or an ascending list of them, got [0.1,0.9,0.5]',
    ],
    [
      { ...least, quantile: [0.5, 0.5] },
      'quantile: expected a number above 0 and below 1, or an ascending list of them, got [0.5,0.5]',
    ],
    [{ ...least, features: 'x' }, 'features: expected a list of column names, got "x"'],
    [{ ...least, name: 'a/b' }, 'name: expected a name without slashes, got "a/b"'],
    [{ ...least, name: '..' }, 'name: expected a name without slashes, got ".."'],
    [{ ...least, scale: 'minmax' }, 'unknown scale "minmax", expected one of standard, robust, none'],
    [
      { ...least, activation: 'leaky-relu' },
      'unknown activation "leaky-relu", expected one of identity, relu, leaky_relu, tanh, sigmoid, elu, selu, gelu, silu, mish. Did you mean "leaky_relu"?',
    ],
    [
      { ...least, optimizer: 'Adma' },
      `unknown optimizer "Adma", expected one of ${Object.keys(OPTIMIZERS).join(', ')}. Did you mean "adam"?`,
    ],
    [
      { ...least, loss: 'hinge' },
      `unknown loss "hinge", expected one of ${Object.keys(LOSSES).join(', ')}, or the path of a .mjs file`,
    ],
    [
      { ...least, task: 'regression', loss: 'bce' },
      'loss bce does not fit a regression target. Use mse, half_mse, mae, huber, poisson, quantile.',
    ],
  ])('refuses %j: %s', (input, line) => {
    expect(refusal(input)).toBe(line);
  });

  it('names options as its caller calls them', () => {
    expect(refusal({ ...least, batchSize: 0 }, (key) => `--${key.toLowerCase()}`)).toMatch(/^--batchsize: expected/);
  });
});

describe('hyperparametersOf', () => {
  it("takes the optimizer's own defaults where the config is silent", () => {
    const config = resolveConfig({ ...least, optimizer: 'adamw', beta1: 0.8 });
    expect(hyperparametersOf(config)).toEqual({ ...OPTIMIZERS.adamw.defaults, beta1: 0.8 });
    expect(hyperparametersOf(resolveConfig({ ...least, optimizer: 'sgd', learningRate: 0.5 })).learningRate).toBe(0.5);
  });
});

describe('lossForTask', () => {
  it('has a default for every task, which fits it', () => {
    for (const task of TASKS) expect(LOSSES[lossForTask(task, undefined)].tasks).toContain(task);
  });

  it('accepts exactly the losses that name the task', () => {
    for (const task of TASKS) {
      for (const [name, loss] of Object.entries(LOSSES)) {
        const resolve = () => lossForTask(task, name as keyof typeof LOSSES);
        if ((loss.tasks as readonly string[]).includes(task)) expect(resolve()).toBe(name);
        else expect(resolve).toThrow(`loss ${name} does not fit a ${task} target`);
      }
    }
  });

  it('gives an output per class where the loss compares classes, one per quantile, else one', () => {
    const classes = (count: number): Target => ({
      ...{ name: 'y', task: 'multiclass', type: 'number' },
      classes: Array.from({ length: count }, (_, c) => c),
    });
    const number: Target = { name: 'y', task: 'regression', centre: 0, shift: 0, scale: 1 };
    const constants = { ...LOSS_DEFAULTS, quantile: [0.1, 0.5, 0.9] };
    expect(outputsFor('cross_entropy', constants, classes(26))).toBe(26);
    expect(outputsFor('bce', constants, classes(2))).toBe(1);
    expect(outputsFor('mse', constants, number)).toBe(1);
    expect(outputsFor('quantile', constants, number)).toBe(3);
    expect(outputsFor('quantile', LOSS_DEFAULTS, number)).toBe(1);
  });
});

describe('the schema', () => {
  it('says of every option what it is and what it expects', () => {
    for (const [key, field] of Object.entries(configSchema.shape)) {
      expect(field.description, key).toBeTruthy();
      expect(optionHints.get(field)?.expected, key).toBeTruthy();
    }
  });

  it('takes its choices from the registries', () => {
    expect(choicesOf(configSchema.shape.loss)).toEqual(Object.keys(LOSSES));
    expect(choicesOf(configSchema.shape.optimizer)).toEqual(Object.keys(OPTIMIZERS));
    expect(choicesOf(configSchema.shape.seed)).toBeUndefined();
  });

  it('converts to JSON Schema, with the same choices and descriptions', () => {
    // An Arrow table in memory is no JSON: data is then anything.
    const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
    expect(schema.required).toEqual(['target']);
    expect(schema.properties?.format).toMatchObject({ enum: ['parquet', 'arrow', 'csv', 'json'] });
    expect(schema.properties?.loss).toMatchObject({ anyOf: [{ enum: Object.keys(LOSSES) }, { type: 'string' }] });
  });
});
