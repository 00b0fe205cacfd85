/** The optimizer with its constants, and what is done to rate and gradient on the way. */
import { z } from 'zod';
import { DECAYED, LAYER_RATES } from '../../nn/groups.js';
import { OPTIMIZERS } from '../../nn/optimizers/index.js';
import { SCHEDULES } from '../../nn/schedules/index.js';
import { option } from '../options.js';
import {
  aboveZero,
  aboveZeroHint,
  atLeastZero,
  atLeastZeroHint,
  belowOne,
  belowOneHint,
  choice,
  namesOf,
  numeric,
} from './fields.js';

const optimizer = choice(namesOf(OPTIMIZERS), 'Learning');
const schedule = choice(namesOf(SCHEDULES), 'Learning');
const layerRates = choice(LAYER_RATES, 'Learning');
const decayed = choice(DECAYED, 'Learning');

export const optimizerOptions = {
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
  layerRates: option(
    layerRates.schema.default('uniform'),
    'the learning rate of a weight is that of the run, or (ntk) divided by the square root of its inputs',
    layerRates.hint,
  ),
  biasRate: option(aboveZero.default(1), 'factor of the learning rate for biases', {
    group: 'Learning',
    ...aboveZeroHint,
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
  weightDecay: option(atLeastZero.optional(), 'decoupled weight decay (default: adamw 0.01, else 0)', {
    group: 'Learning',
    ...atLeastZeroHint,
  }),
  decay: option(decayed.schema.default('all'), 'what decays: all, or (weights) all but the biases', decayed.hint),
  decaySchedule: option(
    schedule.schema.default('constant'),
    'how weight decay goes over the steps of the run',
    schedule.hint,
  ),
  ema: option(
    belowOne.optional(),
    'score and save a running average of the weights, which keeps this much of itself at each step',
    { group: 'Learning', ...belowOneHint },
  ),
  l2: option(atLeastZero.default(0), 'adds l2/2 * (sum of squared weights, without biases) to the loss', {
    group: 'Learning',
    ...atLeastZeroHint,
  }),
  clipNorm: option(aboveZero.optional(), 'scale the gradient down to this norm where it is longer', {
    group: 'Learning',
    ...aboveZeroHint,
  }),
};
