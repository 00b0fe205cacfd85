/** The run as a whole: its seed, its name, its folder. */
import { z } from 'zod';
import { option } from '../options.js';
import { choice, count, countHint, filePath, numeric } from './fields.js';

const companion = choice(['none', 'plain'], 'Run');

export const runOptions = {
  members: option(count.default(1), 'networks to train, each with its own held-out rows; their outputs are averaged', {
    group: 'Run',
    ...countHint,
  }),
  companion: option(
    companion.schema.optional(),
    'train a plain network beside each member, and mix the two in the shares that suit the held-out rows',
    companion.hint,
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
};
