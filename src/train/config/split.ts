/** Which rows score the training. */
import { z } from 'zod';
import { option } from '../options.js';
import { belowOne, filePath, numeric } from './fields.js';

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
  test: option(filePath.optional(), 'a table to score at the end', {
    group: 'Split',
    argument: 'FILE',
    expected: 'the path of a file',
  }),
};
