/** What a lab is made of: the options of a run that concern one step, as the config has them, and a few of its own. */
import { z } from 'zod';
import { ParagradError } from '../errors.js';
import { ACTIVATIONS } from '../nn/activations/index.js';
import { outputsPerValue } from '../nn/losses/choice.js';
import { LOSSES, type LossName } from '../nn/losses/index.js';
import { choice, namesOf } from './config/fields.js';
import { configSchema } from './config.js';
import { checkHiddenLayers } from './hidden-layers.js';
import { checkHyperparameters } from './hyperparameters.js';
import { checkLossConstants, lossConstantsOf } from './loss-constants.js';
import { option, parseOptions } from './options.js';

/** Values by tensor name: W0 [in, out] row-major, b0 [out], W1 … */
export type Tensors = Readonly<Record<string, ArrayLike<number>>>;

const count = z.int().min(1);
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const activation = choice(namesOf(ACTIVATIONS), 'Network');
const losses = Object.keys(LOSSES) as LossName[];

const labSchema = z.strictObject({
  sizes: option(z.array(count).min(2).readonly(), 'inputs, widths of the hidden layers, outputs', {
    group: 'Network',
    expected: 'at least two widths (inputs, hidden layers, outputs), each a whole number of at least 1',
  }),
  parameters: option(z.custom<Tensors>(isObject).optional(), 'start from these (default: drawn from the seed)', {
    group: 'Network',
    expected: 'an object of arrays: W0 [in, out] row-major, b0 [out], W1 …',
  }),
  batchSize: option(count, 'most rows of a step', { group: 'Learning', expected: 'a whole number of at least 1' }),
  periodic: option(
    z.int().min(0).default(0),
    'how many of the inputs, the first ones, have periodic functions beside them',
    {
      group: 'Network',
      expected: 'a whole number of at least 0',
    },
  ),
  embeddings: option(
    z.array(count).readonly().default([]),
    'values of each embedded category; their codes follow the inputs',
    {
      group: 'Network',
      expected: 'a list of whole numbers of at least 1',
    },
  ),
  weighted: option(z.boolean().default(false), 'whether steps are given row weights', {
    group: 'Learning',
    expected: 'true or false',
  }),
  workers: option(count.default(1), 'workers to split a step over, all on this thread; shows in no bit', {
    group: 'Machine',
    expected: 'a whole number of at least 1',
  }),
  loss: option(z.enum(losses).default('mse'), 'loss', { group: 'Learning', expected: `one of ${losses.join(', ')}` }),
  activation: option(activation.schema.default('relu'), 'activation of the hidden layers', activation.hint),
  ...configSchema.pick({
    dropout: true,
    learnedActivation: true,
    inputScale: true,
    residual: true,
    layerNorm: true,
    quantile: true,
    labelSmoothing: true,
    reduction: true,
    optimizer: true,
    learningRate: true,
    momentum: true,
    beta1: true,
    beta2: true,
    alpha: true,
    epsilon: true,
    layerRates: true,
    biasRate: true,
    weightDecay: true,
    decay: true,
    ema: true,
    l2: true,
    clipNorm: true,
    shards: true,
    kernels: true,
    seed: true,
  }).shape,
});

/** The options of a lab: `sizes` and `batchSize` are required; defaults are those of a run (`loss`: mse). */
export type LabOptions = z.input<typeof labSchema>;

/** Every option with its value; absent where it is left to the optimizer or the batch size. */
export type ResolvedLab = z.output<typeof labSchema>;

/**
 * Checks the options of a lab and fills in the defaults.
 *
 * @throws ParagradError `bad_option`: names the option, what was expected, and what was given; `unread_option` for a
 *   constant that the optimizer or the loss does not read, or a piece that no hidden layer can have
 */
export function resolveLab(input: LabOptions): ResolvedLab {
  const options = parseOptions(labSchema, input);
  checkHiddenLayers({ ...options, hidden: options.sizes.slice(1, -1) }, (key) => (key === 'hidden' ? 'sizes' : key));
  checkHyperparameters(options);
  checkLossConstants(options, options.loss);
  const { loss, sizes } = options;
  const outputs = sizes[sizes.length - 1];
  const perValue = outputsPerValue(loss, lossConstantsOf(options));
  if (outputs % perValue !== 0) {
    throw new ParagradError(
      'bad_option',
      `sizes: expected outputs for each of the ${perValue} quantiles, a multiple of ${perValue}, got ${outputs}`,
    );
  }
  if (options.periodic > options.sizes[0]) {
    throw new ParagradError(
      'bad_option',
      `periodic: expected at most the ${options.sizes[0]} inputs, got ${options.periodic}`,
    );
  }
  return options;
}
