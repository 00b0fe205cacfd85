/** The network and where its weights start. */
import { z } from 'zod';
import { ACTIVATIONS } from '../../nn/activations/index.js';
import { SCHEDULES } from '../../nn/schedules/index.js';
import { option } from '../options.js';
import { belowOne, belowOneHint, choice, count, filePath, namesOf, numericList } from './fields.js';

const activation = choice(namesOf(ACTIVATIONS), 'Network');
const schedule = choice(namesOf(SCHEDULES), 'Network');

/** What `init` names beside files. */
const INITS: readonly string[] = ['he', 'calibrated'];

/** The file that weights are to be read from, or null. */
export function initialFile(init: string): string | null {
  return INITS.includes(init) ? null : init;
}

export const networkOptions = {
  hidden: option(z.array(count).default([256, 256, 256]), 'widths of the hidden layers; "" for a linear model', {
    group: 'Network',
    argument: 'N,N,…',
    expected: 'a list of layer widths, each a whole number of at least 1',
    parse: numericList,
  }),
  activation: option(activation.schema.optional(), 'activation of the hidden layers', activation.hint),
  dropout: option(belowOne.default(0), 'probability of a hidden unit to be left out of a step', {
    group: 'Network',
    ...belowOneHint,
  }),
  dropoutSchedule: option(
    schedule.schema.default('constant'),
    'how dropout goes over the steps of the run',
    schedule.hint,
  ),
  learnedActivation: option(
    z.boolean().default(false),
    'let each hidden unit learn how much of its activation it takes: h + a (f(h) - h), a from 1 on',
    { group: 'Network', expected: 'true or false' },
  ),
  inputScale: option(
    z.boolean().default(false),
    'multiply each input of the network with a learned factor, from 1 on',
    {
      group: 'Network',
      expected: 'true or false',
    },
  ),
  residual: option(
    z.boolean().default(false),
    'let a hidden layer as wide as the one before it add its input to its output: x + f(x W + b)',
    { group: 'Network', expected: 'true or false' },
  ),
  layerNorm: option(
    z.boolean().default(false),
    'normalise each row before the activation of a hidden layer, with a learned scale and shift for each unit',
    { group: 'Network', expected: 'true or false' },
  ),
  init: option(
    filePath.default('he'),
    "where weights start: drawn by He's rule, drawn and calibrated on training rows, or from a model or .safetensors file",
    {
      group: 'Network',
      argument: 'he|calibrated|MODEL',
      expected: 'he, calibrated, or the path of a run directory or a .safetensors file',
    },
  ),
};
