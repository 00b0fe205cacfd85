/** What is done to the columns before the network sees them. */
import { z } from 'zod';
import { type InputEncoding, SCALINGS } from '../../data/preprocess.js';
import { option } from '../options.js';
import { choice } from './fields.js';

const scaling = choice(SCALINGS, 'Preprocessing');
const targetScaling = choice(['standard', 'none'], 'Preprocessing');

const ENCODINGS = ['piecewise', 'values', 'periodic', 'sign', 'embedding'] as const satisfies InputEncoding[];

export const preprocessingOptions = {
  scale: option(scaling.schema.default('standard'), 'scaling of number columns', scaling.hint),
  scaleTarget: option(
    targetScaling.schema.default('standard'),
    'scaling of the target of a regression',
    targetScaling.hint,
  ),
  encode: option(
    z.array(z.enum(ENCODINGS)).default([]),
    'numbers also by bins (piecewise) or learned waves (periodic), those that are codes by learned vectors for their values (values); categories of two values as -1 and 1 (sign), those of more than 8 by learned vectors (embedding)',
    {
      group: 'Preprocessing',
      argument: 'LIST',
      expected: `a list of ${ENCODINGS.join(', ')}`,
      parse: (text) => (text.trim() === '' ? [] : text.split(',').map((name) => name.trim())),
    },
  ),
  clampTarget: option(
    z.boolean().default(false),
    'keep predictions of a regression within the range of the training target',
    { group: 'Preprocessing', expected: 'true or false' },
  ),
  dropMissingTarget: option(z.boolean().default(false), 'leave out rows without a target instead of refusing them', {
    group: 'Preprocessing',
    expected: 'true or false',
  }),
};
