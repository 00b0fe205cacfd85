/**
 * Cross-validation: every row is held out once, by one of K folds; for each fold what would be trained (an ensemble, where one was
 * asked for) is trained on the other rows, and scored on the fold's. Nothing is kept but the scores: folds.json in the run directory.
 *
 * Where the best epoch is kept or a temperature fit, the fold's own rows choose it: the scores are a little too good by that much.
 */
import { join } from 'node:path';
import type { Target } from '../data/preprocess.js';
import { ParagradError } from '../errors.js';
import type { StepPlan } from '../parallel/plan.js';
import { writeWhole } from './atomic-file.js';
import type { ResolvedConfig } from './config.js';
import { divergedError } from './divergence.js';
import { averageOutputs, meanMetrics, memberSeed, type Outputs } from './ensemble.js';
import { interrupted } from './epochs.js';
import type { CrossValidationDone, CrossValidationEvent, FoldResult } from './events.js';
import { readHeldOut } from './held-out.js';
import { prepareMember, trainMember } from './member.js';
import { memberEvents, type Place } from './member-events.js';
import type { Metrics } from './metrics.js';
import { readRows } from './rows.js';
import { type RunResources, withResources } from './run-resources.js';
import { writeStart } from './run-start.js';
import { readOutputs, scoreOutputs, type Truth } from './score.js';
import { untilAborted } from './until-aborted.js';

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
  const members: FoldMember[] = [];
  for (let member = 0; member < config.members; member++) {
    members.push(await trainFoldMember(resources, config, { member, members: config.members, fold, folds }));
  }
  const [{ rows, target, plan, truth }] = members;
  const { sizes } = plan.network;
  const width = sizes[sizes.length - 1];
  const outputs = averageOutputs(
    members.map((member) => member.outputs),
    width,
    target.task,
  );
  const epochs = members.map(({ epoch }) => epoch);
  return { rows, epochs, validation: scoreOutputs(outputs, width, target, plan, truth) };
}

/** What a network that was trained on the other rows says of a fold. */
interface FoldMember {
  readonly outputs: Outputs;
  readonly epoch: number;
  readonly rows: FoldResult['rows'];
  readonly target: Target;
  readonly plan: StepPlan;
  readonly truth: Truth;
}

async function trainFoldMember(
  { context, tables, threads, closeAtEnd, closeMember }: RunResources,
  config: ResolvedConfig,
  place: Required<Place>,
): Promise<FoldMember> {
  const { directory, signal } = context;
  const { member, members, fold, folds } = place;
  const own = memberEvents(context, place);
  const rows = await readRows({
    ...{ ...own, threads, tables, closeAtEnd, folder: directory.path },
    isLast: fold === folds - 1 && member === members - 1,
    config: { ...config, seed: memberSeed(config.seed, member) },
    fold: { index: fold, of: folds, seed: config.seed },
  });
  const prepared = await prepareMember(own, rows, member);
  if (fold + member === 0) context.emit({ ...(await writeStart(prepared, config.seed, directory)), folds });
  const { outcome, description, plan } = await trainMember(own, prepared);
  if (outcome.divergence !== null) {
    throw divergedError(outcome.divergence, 'nothing is kept of the folds', directory.path);
  }
  const { session, input, stepsPerEpoch } = prepared.schedule;
  const { target } = rows.preprocessing;
  // After whatever was read of them to fit a temperature.
  const next = Math.ceil(outcome.stepsTaken / stepsPerEpoch) + 1;
  const { logits, truth } = await untilAborted(readHeldOut(session, input, next, target), signal, interrupted);
  const outputs = readOutputs(logits, target, plan, description.temperature);
  await closeMember();
  return { outputs, epoch: outcome.epochs, rows: description.rows, target, plan, truth };
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
