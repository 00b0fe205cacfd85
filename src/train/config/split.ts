/** Which rows score the training. */
import { z } from 'zod';
import { PLAIN_SPLITS } from '../../data/split-choice.js';
import { option } from '../options.js';
import { belowOne, filePath, numeric } from './fields.js';

const columnName = z.string().min(1);

export const splitOptions = {
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
  split: option(
    z
      .union([
        z.enum(PLAIN_SPLITS),
        z.templateLiteral(['time:', columnName]),
        z.templateLiteral(['group:', columnName]),
      ])
      .default('random'),
    'which rows that fraction is: any, the same share of every class, the latest by a column, or whole groups of a ' +
      'column (then not a feature); auto is stratified for classes, else random',
    {
      group: 'Split',
      argument: 'HOW',
      expected: 'random, stratified, auto, time:COLUMN or group:COLUMN',
    },
  ),
  test: option(filePath.optional(), 'a table to score at the end', {
    group: 'Split',
    argument: 'FILE',
    expected: 'the path of a file',
  }),
};
