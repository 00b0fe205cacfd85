/**
 * The trainer: from a resolved config to a run directory. It trains the members one after the other, on tables that are opened once,
 * writes the model that they make together, and scores it.
 *
 * Whatever ends it (done, diverged, interrupted, a dead worker): when its promise settles, the threads are gone and no
 * half-written file is left.
 */
import { ParagradError } from '../errors.js';
import type { ResolvedConfig } from './config.js';
import { divergedError } from './divergence.js';
import { type EpochsOutcome, interrupted } from './epochs.js';
import type { DoneEvent, StartEvent, TrainEvent } from './events.js';
import { describeModel, type RunContext, type TrainedMember } from './member.js';
import { type MemberNetworks, trainNetworks } from './member-networks.js';
import type { Metrics } from './metrics.js';
import { saveModel } from './model.js';
import type { ModelDescription } from './model-description.js';
import { openForward } from './predictor.js';
import type { RowSizes, RunTables } from './rows.js';
import { withResources } from './run-resources.js';
import { resultOf } from './run-result.js';
import { writeStart } from './run-start.js';
import { weightsSha256 } from './safetensors.js';
import { scoreTable } from './score-table.js';

/**
 * Runs a training. `emit` gets every event, `done` last; the promise settles when all is cleaned up.
 *
 * @param sizes for tests
 */
export async function runTraining(
  config: ResolvedConfig,
  signal: AbortSignal,
  emit: (event: TrainEvent) => void,
  sizes?: RowSizes,
): Promise<DoneEvent> {
  const startedAt = performance.now();
  return await withResources(config, signal, emit, async (resources) => {
    const { context, tables, keepFolder } = resources;
    const { directory, kernels } = context;
    const members: MemberNetworks[] = [];
    const networks: TrainedMember[] = [];
    let start: StartEvent | null = null;
    for (let index = 0; index < config.members; index++) {
      const member = await trainNetworks(
        resources,
        config,
        { member: index, members: config.members },
        {
          sizes,
          isLast: index === config.members - 1,
          onPrepared: async (prepared) => {
            if (index > 0) return;
            start = await writeStart(prepared, config.seed, directory);
            emit(start);
          },
        },
      );
      const [{ outcome, description }] = member.networks;
      const { divergence, steps } = outcome;
      if (divergence === null || steps > 0) networks.push(...member.networks);
      if (divergence !== null) {
        keepFolder(true);
        // What the doctor is to meet again is this member.
        const { config: written } = start as unknown as StartEvent;
        if (index > 0) await directory.writeConfig({ ...written, seed: description.seed, members: 1 });
        if (networks.length > 0) await save(describeModel(networks, kernels), networks, directory.modelPath);
        throw divergedError(divergence, keptWeights(outcome, index, directory.modelPath), directory.path);
      }
      members.push(member);
    }
    const description = describeModel(networks, kernels);
    await save(description, networks, directory.modelPath);
    const test = await scoreTest(context, config, tables, description, networks).catch((error: unknown) => {
      // What is wrong with a value of the test table is no reason to lose the training.
      const isInput = error instanceof ParagradError && error.kind === 'input';
      keepFolder(isInput);
      throw isInput ? scoringFailed(error, directory.modelPath) : error;
    });
    const done: DoneEvent = {
      type: 'done',
      runDir: directory.path,
      model: directory.modelPath,
      weightsSha256: await weightsSha256(directory.modelPath),
      ...resultOf(members, test),
      kernels: kernels.name,
      workers: members[0].workers,
      seconds: (performance.now() - startedAt) / 1000,
    };
    if (signal.aborted) throw interrupted();
    keepFolder(true);
    emit(done);
    return done;
  });
}

function save(description: ModelDescription, members: readonly TrainedMember[], path: string): Promise<void> {
  return saveModel(
    path,
    description,
    members.map(({ values }) => values),
  );
}
/** Of a run that diverged: what is left of it. `before` counts the members that were trained before. */
function keptWeights({ steps, epochs, validation }: EpochsOutcome, before: number, model: string): string {
  const members = before === 1 ? 'member 1' : `members 1 to ${before}`;
  if (steps === 0) {
    if (before === 0) return 'nothing was learned before it, so no model is kept';
    return `${members} ${before === 1 ? 'is' : 'are'} kept in ${model}`;
  }
  const point = validation === undefined ? `step ${steps}` : `epoch ${epochs}`;
  return `the weights of ${point}${before === 0 ? '' : `, and ${members},`} are kept in ${model}`;
}

/** Scores the test table, if one was named, with the whole model. */
async function scoreTest(
  { pool, kernels, signal, execute }: RunContext,
  { dropMissingTarget }: ResolvedConfig,
  { test }: RunTables,
  description: ModelDescription,
  members: readonly TrainedMember[],
): Promise<Metrics | undefined> {
  if (test === null) return undefined;
  const networks = members.map(({ values }, i) => ({ network: description.members[i].network, values }));
  const forward = openForward(networks, pool, kernels, signal);
  return (await scoreTable(description, forward, test, dropMissingTarget, { execute, signal })).metrics;
}

function scoringFailed({ code, message, hint }: ParagradError, model: string): ParagradError {
  const kept = `The model is kept in ${model}.`;
  return new ParagradError(code, message, { hint: hint === undefined ? kept : `${hint} ${kept}` });
}
