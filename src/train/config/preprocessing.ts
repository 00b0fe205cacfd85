/** What is done to the columns before the network sees them. */
import { z } from 'zod';
import { option } from '../options.js';
import { choice } from './fields.js';

const scaling = choice(['standard', 'none'], 'Preprocessing');

export const preprocessingOptions = {
  scale: option(scaling.schema.default('standard'), 'scaling of number columns', scaling.hint),
  scaleTarget: option(scaling.schema.default('standard'), 'scaling of the target of a regression', scaling.hint),
  dropMissingTarget: option(z.boolean().default(false), 'leave out rows without a target instead of refusing them', {
    group: 'Preprocessing',
    expected: 'true or false',
  }),
};
