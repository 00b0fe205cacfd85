/** How many rows a step has, how long the training goes on, which of its weights are kept, and how sure they are to be. */
import { z } from 'zod';
import { option } from '../options.js';
import { choice, count, countHint, numeric } from './fields.js';

const temperature = choice(['none', 'fit'], 'Learning');
const restore = choice(['best', 'last'], 'Learning');

export const durationOptions = {
  batchSize: option(z.union([count, z.literal('full')]).default(256), 'rows of one optimizer step, over all workers', {
    group: 'Learning',
    argument: 'N|full',
    expected: 'a whole number of at least 1, or "full"',
    parse: numeric,
  }),
  epochs: option(count.optional(), 'passes over the training rows', { group: 'Learning', ...countHint }),
  steps: option(count.optional(), 'stop after this many optimizer steps, if the epochs are not over before', {
    group: 'Learning',
    ...countHint,
  }),
  patience: option(
    count.optional(),
    'stop after this many epochs without a lower validation loss (default: go on to the end)',
    { group: 'Learning', ...countHint },
  ),
  temperature: option(
    temperature.schema.optional(),
    'divide the logits of a classification by one number, so that its probabilities fit the held-out rows',
    temperature.hint,
  ),
  restore: option(
    restore.schema.optional(),
    'keep the weights of the epoch with the lowest validation loss, or of the last one (default: best with a patience, else last)',
    restore.hint,
  ),
};
