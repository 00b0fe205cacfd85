/**
 * Cross-validation: every row is held out once, by one of K folds; for each fold what would be trained (an ensemble, where one was
 * asked for) is trained on the other rows, and scored on the fold's. Nothing is kept but the scores: folds.json in the run directory.
 *
 * Where the best epoch is kept or a temperature fit, the fold's own rows choose it: the scores are a little too good by that much.
 */
import { join } from 'node:path';
import { ParagradError } from '../errors.js';
import { writeWhole } from './atomic-file.js';
import type { ResolvedConfig } from './config.js';
import { divergedError } from './divergence.js';
import { averageOutputs, meanMetrics } from './ensemble.js';
import { interrupted } from './epochs.js';
import type { CrossValidationDone, CrossValidationEvent, FoldResult } from './events.js';
import { type MemberNetworks, trainNetworks } from './member-networks.js';
import type { Metrics } from './metrics.js';
import { type RunResources, withResources } from './run-resources.js';
import { writeStart } from './run-start.js';
import { scoreOutputs } from './score.js';

/**
 * Trains and scores the folds.
 *
 * @param folds at least 2
 * @throws ParagradError `bad_option` where rows to validate on were named; else as a training does
 */
export async function runFolds(
  config: ResolvedConfig,
  folds: number,
  signal: AbortSignal,
  emit: (event: CrossValidationEvent) => void,
): Promise<CrossValidationDone> {
  const startedAt = performance.now();
  checkFolds(config, folds);
  return await withResources(config, signal, emit, async (resources) => {
    const { directory } = resources.context;
    const results: FoldResult[] = [];
    for (let fold = 0; fold < folds; fold++) results.push(await trainFold(resources, config, fold, folds));
    const metrics = { validation: meanMetrics(results.map(({ validation }) => validation)) };
    const deviation = { validation: deviations(results.map(({ validation }) => validation)) };
    await writeWhole(
      join(directory.path, 'folds.json'),
      `${JSON.stringify({ folds: results, metrics, deviation }, null, 2)}\n`,
    );
    const done: CrossValidationDone = {
      type: 'done',
      runDir: directory.path,
      folds: results,
      metrics,
      deviation,
      seconds: (performance.now() - startedAt) / 1000,
    };
    if (signal.aborted) throw interrupted();
    resources.keepFolder(true);
    emit(done);
    return done;
  });
}

function checkFolds({ validation, test }: ResolvedConfig, folds: number): void {
  if (!Number.isInteger(folds) || folds < 2) {
    throw new ParagradError('bad_option', `folds: expected a whole number of at least 2, got ${folds}`);
  }
  const named = typeof validation === 'string' ? 'a validation file' : test === undefined ? null : 'a test table';
  if (named === null) return;
  throw new ParagradError('bad_option', `folds hold out rows of the table, and ${named} was named`, {
    hint: 'Leave one of them away.',
  });
}

async function trainFold(
  resources: RunResources,
  config: ResolvedConfig,
  fold: number,
  folds: number,
): Promise<FoldResult> {
  const members: MemberNetworks[] = [];
  for (let member = 0; member < config.members; member++) {
    const place = { member, members: config.members, fold, folds };
    members.push(
      await trainNetworks(resources, config, place, {
        fold: { index: fold, of: folds, seed: config.seed },
        isLast: fold === folds - 1 && member === config.members - 1,
        keepsOutputs: true,
        onPrepared: async (prepared) => {
          if (fold + member > 0) return;
          const { context } = resources;
          context.emit({ ...(await writeStart(prepared, config.seed, context.directory)), folds });
        },
      }),
    );
    const [{ outcome }] = members[member].networks;
    if (outcome.divergence !== null) {
      throw divergedError(outcome.divergence, 'nothing is kept of the folds', resources.context.directory.path);
    }
  }
  const [{ networks, heldOut }] = members;
  const [{ description, plan }] = networks;
  const { target } = description.preprocessing;
  const { truth } = heldOut!;
  const { sizes } = plan.network;
  const width = sizes[sizes.length - 1];
  const outputs = averageOutputs(
    members.map((member) => member.heldOut!.outputs),
    members.map(() => 1),
    width,
    target.task,
  );
  const epochs = members.flatMap((member) => member.networks.map(({ outcome }) => outcome.epochs));
  return { rows: description.rows, epochs, validation: scoreOutputs(outputs, width, target, plan, truth) };
}

/** Of each score its standard deviation over the folds, with one less than their number for a divisor; null where one is null. */
function deviations(folds: readonly Metrics[]): Metrics {
  const means = meanMetrics(folds) as unknown as Readonly<Record<string, number | null>>;
  const spread = Object.entries(means).map(([name, mean]): [string, number | null] => {
    if (mean === null) return [name, null];
    const values = folds.map((fold) => (fold as unknown as Record<string, number>)[name]);
    return [name, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (folds.length - 1))];
  });
  return Object.fromEntries(spread) as unknown as Metrics;
}
