/**
 * One schema of a training run. The library's config type is its input, the resolved config its output, and the options
 * of `paragrad train` (names, arguments, choices, defaults, help) are made of it, so that nothing is listed twice.
 *
 * Not here: what only reading the data can tell (the task when it is not given, whether a column exists), and what only
 * the command line has (--json, --quiet, --verbose, --no-color).
 */
import { z } from 'zod';
import { ParagradError } from '../errors.js';
import { KERNEL_NAMES } from '../kernels/load.js';
import { ACTIVATIONS } from '../nn/activations/index.js';
import { LOSSES } from '../nn/losses/index.js';
import { isLossFile } from '../nn/losses/module.js';
import { OPTIMIZERS } from '../nn/optimizers/index.js';
import { SCHEDULES } from '../nn/schedules/index.js';
import { checkData, dataOptions } from './data-options.js';
import { checkHyperparameters } from './hyperparameters.js';
import { checkLossConstants } from './loss-constants.js';
import { type NameOf, type OptionHint, option, parseOptions } from './options.js';
import { lossForTask, TASKS } from './task.js';

function namesOf<T extends object>(registry: T): (keyof T & string)[] {
  return Object.keys(registry) as (keyof T & string)[];
}

/** A number where the text is one, else the text, for the schema to judge. */
function numeric(text: string): unknown {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** "1.5GB" -> 1500000000, "512 MiB" -> 536870912; what is no size becomes NaN. */
function bytesOf(text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  return Math.floor(Number(number) * (UNITS[unit?.toUpperCase()] ?? Number.NaN));
}

/** "256,256" -> [256, 256]; "" -> []. */
function numericList(text: string): unknown {
  return text.trim() === '' ? [] : text.split(',').map(numeric);
}

function choice<const T extends readonly string[]>(names: T, group: OptionHint['group']) {
  return { schema: z.enum(names), hint: { group, argument: 'NAME', expected: `one of ${names.join(', ')}` } };
}

const task = choice(TASKS, 'Columns');
const activation = choice(namesOf(ACTIVATIONS), 'Network');
const loss = choice(namesOf(LOSSES), 'Learning');
const optimizer = choice(namesOf(OPTIMIZERS), 'Learning');
const schedule = choice(namesOf(SCHEDULES), 'Learning');
const reduction = choice(['mean', 'sum'], 'Learning');
const restore = choice(['best', 'last'], 'Learning');
const scaling = choice(['standard', 'none'], 'Preprocessing');
const kernels = choice(['auto', ...KERNEL_NAMES], 'Machine');

const columnName = z.string().min(1);
const filePath = z.string().min(1);
const count = z.int().min(1);
const atLeastZero = z.number().min(0);
const aboveZero = z.number().gt(0);
const belowOne = z.number().min(0).lt(1);

const column = { group: 'Columns', argument: 'COL', expected: 'a column name' } as const;
const columns = { ...column, expected: 'a list of column names', repeatable: true } as const;
const countHint = { argument: 'N', expected: 'a whole number of at least 1', parse: numeric } as const;
const aboveZeroHint = { argument: 'X', expected: 'a number above 0', parse: numeric } as const;
const atLeastZeroHint = { argument: 'X', expected: 'a number of at least 0', parse: numeric } as const;
const belowOneHint = {
  argument: 'X',
  expected: 'a number from 0 up to, but not including, 1',
  parse: numeric,
} as const;

/** Fields in the order in which the help lists them. */
export const configSchema = z.strictObject({
  ...dataOptions,
  target: option(columnName, 'the column to predict', column),
  features: option(z.array(columnName).optional(), 'columns to predict from (default: all but the target)', columns),
  exclude: option(z.array(columnName).optional(), 'columns to leave out', columns),
  weightColumn: option(columnName.optional(), 'the column that holds the weight of each row (not a feature)', column),
  task: option(task.schema.optional(), 'what the target is (default: told from its values)', task.hint),

  validation: option(
    z.union([belowOne, filePath]).default(0.2),
    'rows held out to score each epoch: a fraction of the table, 0 for none, or a file',
    {
      group: 'Split',
      argument: 'F|FILE',
      expected: 'a fraction from 0 up to, but not including, 1, or the path of a file',
      parse: numeric,
    },
  ),
  test: option(filePath.optional(), 'a table to score at the end', {
    group: 'Split',
    argument: 'FILE',
    expected: 'the path of a file',
  }),

  hidden: option(z.array(count).default([256, 256, 256]), 'widths of the hidden layers; "" for a linear model', {
    group: 'Network',
    argument: 'N,N,…',
    expected: 'a list of layer widths, each a whole number of at least 1',
    parse: numericList,
  }),
  activation: option(activation.schema.default('relu'), 'activation of the hidden layers', activation.hint),
  dropout: option(belowOne.default(0), 'probability of a hidden unit to be left out of a step', {
    group: 'Network',
    ...belowOneHint,
  }),
  init: option(filePath.optional(), 'start from the weights in this .safetensors file (default: drawn from the seed)', {
    group: 'Network',
    argument: 'FILE',
    expected: 'the path of a .safetensors file',
  }),

  loss: option(
    z.union([loss.schema, z.string().refine(isLossFile)]).optional(),
    'loss, or a module of your own (default: mse for regression, bce for binary, cross_entropy for multiclass)',
    {
      group: 'Learning',
      argument: 'NAME|FILE.mjs',
      expected: `${loss.hint.expected}, or the path of a .mjs file`,
    },
  ),
  allowWrongGradient: option(
    z.boolean().default(false),
    'train with a loss module even if its gradient is not the derivative of its loss',
    { group: 'Learning', expected: 'true or false' },
  ),
  quantile: option(aboveZero.lt(1).optional(), 'the quantile that loss quantile predicts (default: 0.5, the median)', {
    group: 'Learning',
    argument: 'X',
    expected: 'a number above 0 and below 1',
    parse: numeric,
  }),
  labelSmoothing: option(
    belowOne.optional(),
    'share of a class target that is spread evenly over the classes (default: 0)',
    { group: 'Learning', ...belowOneHint },
  ),
  reduction: option(
    reduction.schema.default('mean'),
    'the loss of a batch is the mean or the sum of its rows',
    reduction.hint,
  ),
  optimizer: option(optimizer.schema.default('adam'), 'optimizer', optimizer.hint),
  learningRate: option(aboveZero.optional(), 'learning rate (default: 0.001 for adam and adamw, else 0.01)', {
    group: 'Learning',
    ...aboveZeroHint,
  }),
  schedule: option(
    schedule.schema.default('constant'),
    'how the learning rate goes over the steps of the run',
    schedule.hint,
  ),
  warmupSteps: option(z.int().min(0).default(0), 'steps over which the learning rate rises at the start', {
    group: 'Learning',
    argument: 'N',
    expected: 'a whole number of at least 0',
    parse: numeric,
  }),
  momentum: option(belowOne.optional(), 'momentum of momentum and nesterov (default: 0.9)', {
    group: 'Learning',
    ...belowOneHint,
  }),
  beta1: option(belowOne.optional(), 'decay of the first moment of adam and adamw (default: 0.9)', {
    group: 'Learning',
    ...belowOneHint,
  }),
  beta2: option(belowOne.optional(), 'decay of the second moment of adam and adamw (default: 0.999)', {
    group: 'Learning',
    ...belowOneHint,
  }),
  alpha: option(belowOne.optional(), 'share of the old mean square that rmsprop keeps (default: 0.99)', {
    group: 'Learning',
    ...belowOneHint,
  }),
  epsilon: option(aboveZero.optional(), 'epsilon of adam, adamw and rmsprop (default: 1e-8) and adagrad (1e-10)', {
    group: 'Learning',
    ...aboveZeroHint,
  }),
  weightDecay: option(
    atLeastZero.optional(),
    'decoupled weight decay, of every parameter (default: adamw 0.01, else 0)',
    {
      group: 'Learning',
      ...atLeastZeroHint,
    },
  ),
  l2: option(atLeastZero.default(0), 'adds l2/2 * (sum of squared weights, without biases) to the loss', {
    group: 'Learning',
    ...atLeastZeroHint,
  }),
  clipNorm: option(aboveZero.optional(), 'scale the gradient down to this norm where it is longer', {
    group: 'Learning',
    ...aboveZeroHint,
  }),
  batchSize: option(z.union([count, z.literal('full')]).default(256), 'rows of one optimizer step, over all workers', {
    group: 'Learning',
    argument: 'N|full',
    expected: 'a whole number of at least 1, or "full"',
    parse: numeric,
  }),
  epochs: option(count.default(30), 'passes over the training rows', { group: 'Learning', ...countHint }),
  steps: option(count.optional(), 'stop after this many optimizer steps, if the epochs are not over before', {
    group: 'Learning',
    ...countHint,
  }),

  patience: option(
    count.optional(),
    'stop after this many epochs without a lower validation loss (default: go on to the end)',
    { group: 'Learning', ...countHint },
  ),
  restore: option(
    restore.schema.optional(),
    'keep the weights of the epoch with the lowest validation loss, or of the last one (default: best with a patience, else last)',
    restore.hint,
  ),

  scale: option(scaling.schema.default('standard'), 'scaling of number columns', scaling.hint),
  scaleTarget: option(scaling.schema.default('standard'), 'scaling of the target of a regression', scaling.hint),
  dropMissingTarget: option(z.boolean().default(false), 'leave out rows without a target instead of refusing them', {
    group: 'Preprocessing',
    expected: 'true or false',
  }),

  workers: option(z.union([count, z.literal('auto')]).default('auto'), 'threads; the weights do not depend on it', {
    group: 'Machine',
    argument: 'N|auto',
    expected: 'a whole number of at least 1, or "auto"',
    parse: numeric,
  }),
  shards: option(
    count.refine(isPowerOfTwo).optional(),
    'parts that a batch is cut into, a power of two (default: the most with at least 128 rows each)',
    { group: 'Machine', argument: 'N', expected: 'a power of two (1, 2, 4, 8 …)', parse: numeric },
  ),
  kernels: option(kernels.schema.default('auto'), 'arithmetic kernels', kernels.hint),
  memoryLimit: option(
    z.union([count, z.string().transform(bytesOf).pipe(count)]).optional(),
    'memory to plan for; rows that do not fit are read from a temporary file (default: three quarters of the machine)',
    { group: 'Machine', argument: 'SIZE', expected: 'a size such as 1GB or 512MiB', parse: numeric },
  ),

  seed: option(z.int().min(0).default(0), 'seed of initial weights, row order and validation rows', {
    group: 'Run',
    argument: 'N',
    expected: `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
    parse: numeric,
  }),
  name: option(
    z
      .string()
      .regex(/^(?!\.\.?$)[^/\\\0]+$/)
      .optional(),
    "name of the run (default: the data file's)",
    {
      group: 'Run',
      argument: 'NAME',
      expected: 'a name without slashes',
    },
  ),
  runsDir: option(filePath.default('runs'), 'folder that gets the run directory', {
    group: 'Run',
    argument: 'DIR',
    expected: 'the path of a folder',
  }),
});

/** What a user of the library writes: only `target`, and `data` or `query`, are required. */
export type TrainConfig = z.input<typeof configSchema>;

/** Every option with its value; what is written to config.json. Options left to the data or the optimizer may be absent. */
export type ResolvedConfig = z.output<typeof configSchema>;

export type ConfigKey = keyof ResolvedConfig;

/** @throws ParagradError `needs_validation` when epochs are to be compared and there is nothing to compare them by */
function checkHeldOut({ validation, patience, restore }: ResolvedConfig, nameOf: NameOf = (key) => key): void {
  if (validation !== 0) return;
  const asking = patience !== undefined ? 'patience' : restore === 'best' ? 'restore' : null;
  if (asking === null) return;
  throw new ParagradError(
    'needs_validation',
    `${nameOf(asking)} compares epochs by held-out rows, and ${nameOf('validation')} is 0`,
    { hint: `Hold some rows out, or leave ${nameOf(asking)} away.` },
  );
}

function isPowerOfTwo(n: number): boolean {
  return n <= 2 ** 30 && (n & (n - 1)) === 0;
}

/** The options that predicting and evaluating share with training. */
export const machineSchema = z.strictObject({
  ...dataOptions,
  ...configSchema.pick({ workers: true, kernels: true }).shape,
});
export const evaluationSchema = z.strictObject({
  ...machineSchema.shape,
  ...configSchema.pick({ dropMissingTarget: true }).shape,
});
/** The options of inspecting a table. */
export const dataSchema = z.strictObject(dataOptions);

/**
 * Checks a config and fills in the defaults.
 *
 * @param input a `TrainConfig`, not trusted
 * @throws ParagradError `bad_option`: names the option, what was expected, and what was given; `unread_option` for a
 *   constant that the optimizer or the loss does not read; `loss_task_mismatch`; `needs_validation`
 *
 * @example
 * const config = resolveConfig({ data: 'houses.parquet', target: 'price', epochs: 5 });
 */
export function resolveConfig(input: unknown, nameOf?: NameOf): ResolvedConfig {
  const config = parseOptions(configSchema, input, nameOf);
  checkData(config, nameOf);
  checkHyperparameters(config, nameOf);
  checkHeldOut(config, nameOf);
  const loss = config.task === undefined ? config.loss : lossForTask(config.task, config.loss);
  if (loss !== undefined) checkLossConstants(config, loss, nameOf);
  return config;
}
