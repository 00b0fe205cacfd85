/** The network and where its weights start. */
import { z } from 'zod';
import { ACTIVATIONS } from '../../nn/activations/index.js';
import { option } from '../options.js';
import { belowOne, belowOneHint, choice, count, filePath, namesOf, numericList } from './fields.js';

const activation = choice(namesOf(ACTIVATIONS), 'Network');

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
  init: option(filePath.optional(), 'start from the weights in this .safetensors file (default: drawn from the seed)', {
    group: 'Network',
    argument: 'FILE',
    expected: 'the path of a .safetensors file',
  }),
};
