/**
 * The trainer: from a resolved config to a run directory. It opens the tables once, trains the members one after the other, writes
 * the model that they make together, and scores it. What it owns (threads, tables, temporary files, the folder) ends with it.
 *
 * Whatever ends it (done, diverged, interrupted, a dead worker): when its promise settles, the threads are gone and no
 * half-written file is left.
 */
import { availableParallelism } from 'node:os';
import { openTable, type TableRequest } from '../data/open.js';
import type { Table } from '../data/table.js';
import { ParagradError } from '../errors.js';
import { chooseKernels } from '../kernels/load.js';
import { executeOn } from '../parallel/execute.js';
import { createPool, type Pool } from '../parallel/pool.js';
import type { ResolvedConfig } from './config.js';
import { defaultRunName } from './data-options.js';
import { divergedError } from './divergence.js';
import { memberSeed } from './ensemble.js';
import { type EpochsOutcome, interrupted } from './epochs.js';
import type { DoneEvent, TrainEvent } from './events.js';
import { describeModel, prepareMember, type RunContext, type TrainedMember, trainMember } from './member.js';
import { memberEvents } from './member-events.js';
import { duckdbBytes, memoryLimit } from './memory-plan.js';
import type { Metrics } from './metrics.js';
import { type ModelDescription, saveModel } from './model.js';
import { openForward } from './predictor.js';
import { openTables, type RowSizes, type RunTables, readRows } from './rows.js';
import { createRunDirectory } from './run-directory.js';
import { resultOf } from './run-result.js';
import { writeStart } from './run-start.js';
import { weightsSha256 } from './safetensors.js';
import { scoreTable } from './score-table.js';
import { untilAborted } from './until-aborted.js';

interface Closable {
  close(): Promise<void>;
}

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
  const threads = config.workers === 'auto' ? availableParallelism() : config.workers;
  const tableCount = 1 + [config.validation, config.test].filter((of) => typeof of === 'string').length;
  const memoryBytes = duckdbBytes(memoryLimit(config.memoryLimit), tableCount);
  const directory = await createRunDirectory(config.runsDir, config.name ?? defaultRunName(config));
  const opened: Table[] = [];
  /** Closed when no thread can use them any more, the last one first. */
  const atEnd: Closable[] = [];
  let pool: Pool | null = null;
  let keep = false;
  try {
    const kernels = chooseKernels(config.kernels);
    pool = createPool(threads);
    const onThreads = executeOn(pool);
    const open = async (request: TableRequest): Promise<Table> => {
      const table = await openTable(request, { threads, memoryBytes, signal });
      opened.push(table);
      return table;
    };
    const context: RunContext = {
      ...{ signal, emit, directory, kernels, pool },
      execute: (task, payloads) => untilAborted(onThreads(task, payloads), signal, interrupted),
    };
    const tables = await openTables(config, open);
    const members: TrainedMember[] = [];
    let workers = 0;
    for (let index = 0; index < config.members; index++) {
      const own = memberEvents(context, index, config.members);
      const rows = await readRows({
        ...own,
        ...{ threads, tables, sizes, folder: directory.path, isLast: index === config.members - 1 },
        config: { ...config, seed: memberSeed(config.seed, index) },
        closeAtEnd: (resource) => void atEnd.push(resource),
      });
      const prepared = await prepareMember(own, rows);
      if (index === 0) emit(await writeStart(prepared, config.seed, directory));
      const member = await trainMember(own, prepared);
      const { divergence, steps } = member.outcome;
      if (divergence === null || steps > 0) members.push(member);
      if (divergence !== null) {
        keep = true;
        if (members.length > 0) await save(describeModel(members, kernels), members, directory.modelPath);
        throw divergedError(divergence, keptWeights(member.outcome, index, directory.modelPath), directory.path);
      }
      workers = prepared.workers.workers;
      await closeAll(atEnd);
    }
    const description = describeModel(members, kernels);
    await save(description, members, directory.modelPath);
    const test = await scoreTest({ ...context, pool }, config, tables, description, members).catch((error: unknown) => {
      // What is wrong with a value of the test table is no reason to lose the training.
      keep = error instanceof ParagradError && error.kind === 'input';
      throw keep ? scoringFailed(error as ParagradError, directory.modelPath) : error;
    });
    const done: DoneEvent = {
      type: 'done',
      runDir: directory.path,
      model: directory.modelPath,
      weightsSha256: await weightsSha256(directory.modelPath),
      ...resultOf(members, test),
      kernels: kernels.name,
      workers,
      seconds: (performance.now() - startedAt) / 1000,
    };
    if (signal.aborted) throw interrupted();
    keep = true;
    emit(done);
    return done;
  } finally {
    await Promise.allSettled([...opened.map((table) => table.close()), pool?.close()]);
    await closeAll(atEnd).catch(() => undefined);
    if (!keep) await directory.discard();
  }
}

/** Closes all, the last one first, and forgets them. */
async function closeAll(resources: Closable[]): Promise<void> {
  for (const resource of resources.splice(0).reverse()) await resource.close().catch(() => undefined);
}

function save(description: ModelDescription, members: readonly TrainedMember[], path: string): Promise<void> {
  return saveModel(
    path,
    description,
    members.map(({ values }) => values),
  );
}

/** Of a run that diverged: what is left of it. */
function keptWeights({ steps, epochs, validation }: EpochsOutcome, members: number, model: string): string {
  if (steps === 0) {
    return members === 0
      ? 'nothing was learned before it, so no model is kept'
      : `the members before it (${members}) are kept in ${model}`;
  }
  const before = members === 0 ? '' : `, with those of ${members} members before it,`;
  return `the weights of ${validation === undefined ? `step ${steps}` : `epoch ${epochs}`}${before} are kept in ${model}`;
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
