/** How a run is watched, and what it does when it goes wrong. */

import { option } from '../options.js';
import { choice } from './fields.js';

const DIVERGENCE_POLICIES = ['stop', 'backoff'] as const;
export type DivergencePolicy = (typeof DIVERGENCE_POLICIES)[number];

const onDivergence = choice(DIVERGENCE_POLICIES, 'Learning');
const monitors = choice(['on', 'off'], 'Learning');

export const watchOptions = {
  onDivergence: option(
    onDivergence.schema.default('stop'),
    'when the loss runs away: end the run, or go on from the last good weights at half the learning rate',
    onDivergence.hint,
  ),
  monitors: option(
    monitors.schema.default('on'),
    'look at the network between epochs and say what goes wrong; the weights do not depend on it',
    monitors.hint,
  ),
};
