/** The function that training lowers, apart from its penalties. */
import { z } from 'zod';
import { LOSSES } from '../../nn/losses/index.js';
import { isLossFile } from '../../nn/losses/module.js';
import { option } from '../options.js';
import { aboveZero, atLeastZero, belowOne, belowOneHint, choice, namesOf, numeric, numericList } from './fields.js';

const loss = choice(namesOf(LOSSES), 'Learning');
const share = aboveZero.lt(1);
const isAscending = (values: readonly number[]) => values.every((value, i) => i === 0 || values[i - 1] < value);
const reduction = choice(['mean', 'sum'], 'Learning');

export const lossOptions = {
  loss: option(
    z.union([loss.schema, z.string().refine(isLossFile)]).optional(),
    'loss, or a module of your own (default: mse for regression, bce for binary, cross_entropy for multiclass)',
    {
      group: 'Learning',
      argument: 'NAME|FILE.mjs',
      expected: `${loss.hint.expected}, or the path of a .mjs file`,
    },
  ),
  allowWrongGradient: option(
    z.boolean().default(false),
    'train with a loss module even if its gradient is not the derivative of its loss',
    { group: 'Learning', expected: 'true or false' },
  ),
  quantile: option(
    z.union([share, z.array(share).min(1).refine(isAscending).readonly()]).optional(),
    'the quantile that loss quantile predicts, or several, each with a column of its own (default: 0.5, the median)',
    {
      group: 'Learning',
      argument: 'X[,X…]',
      expected: 'a number above 0 and below 1, or an ascending list of them',
      parse: (text) => (text.includes(',') ? numericList(text) : numeric(text)),
    },
  ),
  classWeights: option(
    z.union([z.literal('balanced'), z.array(atLeastZero)]).optional(),
    'what a row counts for in training by its class: balanced, so that every class counts alike, or a weight for each',
    {
      group: 'Learning',
      argument: 'balanced|X,X,…',
      expected: 'balanced, or a list of numbers of at least 0, one for each class in their order',
      parse: (text) => (text === 'balanced' ? text : numericList(text)),
    },
  ),
  labelSmoothing: option(
    belowOne.optional(),
    'share of a class target that is spread evenly over the classes (default: 0)',
    { group: 'Learning', ...belowOneHint },
  ),
  reduction: option(
    reduction.schema.default('mean'),
    'the loss of a batch is the mean or the sum of its rows',
    reduction.hint,
  ),
};
