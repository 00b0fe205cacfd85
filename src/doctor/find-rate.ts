/** Finds a learning rate for a configuration: the range test from its first weights, with what the curvature there bears. */
import { openTable } from '../data/open.js';
import { sampleTable } from '../data/sample-table.js';
import { ParagradError } from '../errors.js';
import { resolveConfig, type TrainConfig } from '../train/config.js';
import { SAMPLE_ROWS } from './doctor.js';
import { RANGE, type RangeTest, rangeTest } from './range-test.js';
import { curvatureAt } from './rate-findings.js';
import { openSubject } from './subject.js';

/** Steps at the configured rate before the curvature of an adaptive optimiser is taken: its moments start at nothing. */
const WARM_STEPS = 20;
const WARM_RATE = 1e-4;

/**
 * @param config as for `train`; its learning rate is not read
 * @throws ParagradError as `train` does before its first step, and `no_rate` where the loss is not finite from the start
 */
export async function findRate(config: TrainConfig, options: { signal?: AbortSignal } = {}): Promise<RangeTest> {
  const resolved = resolveConfig(config);
  const table = await openTable(resolved, { signal: options.signal });
  try {
    const subject = await openSubject(resolved, sampleTable(table, SAMPLE_ROWS, resolved.seed), options.signal);
    const trial = subject.createTrial();
    const start = trial.save();
    for (let i = 0; i < WARM_STEPS; i++) trial.advance(WARM_RATE);
    const { stable } = curvatureAt(subject, trial.save());
    trial.restore(start);
    const curvature = Number.isFinite(stable) ? stable / 2 : null;
    const test = rangeTest(trial, { ...RANGE, curvature });
    if (test.points.length > 1) return test;
    throw new ParagradError('no_rate', 'the first losses are not finite, so no learning rate can be found', {
      hint: 'paragrad doctor with the same options says why.',
    });
  } finally {
    await table.close();
  }
}
