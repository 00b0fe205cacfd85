/**
 * What a run owns while it goes on: its folder, its threads, its tables, its temporary files. All of it ends with the work that was
 * done with it, however that ends; the folder stays only where the work said so.
 */
import { availableParallelism } from 'node:os';
import type { OpenOptions } from '../data/formats/format.js';
import { openTable, type TableRequest } from '../data/open.js';
import type { Table } from '../data/table.js';
import { chooseKernels } from '../kernels/load.js';
import { executeOn } from '../parallel/execute.js';
import { createPool, type Pool } from '../parallel/pool.js';
import type { ResolvedConfig } from './config.js';
import { defaultRunName } from './data-options.js';
import { interrupted } from './epochs.js';
import type { ProgressEvent } from './events.js';
import type { RunContext } from './member.js';
import { duckdbBytes, memoryLimit } from './memory-plan.js';
import { openTables, type RunTables } from './rows.js';
import { createRunDirectory } from './run-directory.js';
import { untilAborted } from './until-aborted.js';

interface Closable {
  close(): Promise<void>;
}

export interface RunResources {
  readonly context: RunContext;
  readonly tables: RunTables;
  readonly threads: number;
  /** Keeps something to be closed by `closeMember`, or when no thread can use it any more. */
  readonly closeAtEnd: (resource: Closable) => void;
  /** Closes what was kept so, the last one first: nobody uses it any more. */
  closeMember(): Promise<void>;
  /** Says whether the folder stays. */
  keepFolder(keep: boolean): void;
}

/** Opens all of it, does the work, and closes all of it. */
export async function withResources<T>(
  config: ResolvedConfig,
  signal: AbortSignal,
  emit: (event: ProgressEvent) => void,
  work: (resources: RunResources) => Promise<T>,
): Promise<T> {
  const threads = config.workers === 'auto' ? availableParallelism() : config.workers;
  const tableCount = 1 + [config.validation, config.test].filter((of) => typeof of === 'string').length;
  const memoryBytes = duckdbBytes(memoryLimit(config.memoryLimit), tableCount);
  const directory = await createRunDirectory(config.runsDir, config.name ?? defaultRunName(config));
  const opened: Table[] = [];
  const atEnd: Closable[] = [];
  const closeMember = async (): Promise<void> => {
    for (const resource of atEnd.splice(0).reverse()) await resource.close().catch(() => undefined);
  };
  let pool: Pool | null = null;
  let keep = false;
  try {
    const kernels = chooseKernels(config.kernels);
    pool = createPool(threads);
    const onThreads = executeOn(pool);
    const open = async (request: TableRequest, kinds?: OpenOptions['kinds']): Promise<Table> => {
      const table = await openTable(request, { threads, memoryBytes, kinds, signal });
      opened.push(table);
      return table;
    };
    const context: RunContext = {
      ...{ signal, emit, directory, kernels, pool },
      execute: (...work) => untilAborted(onThreads(...work), signal, interrupted),
    };
    const tables = await openTables(config, open);
    return await work({
      ...{ context, tables, threads, closeMember },
      closeAtEnd: (resource) => void atEnd.push(resource),
      keepFolder: (wanted) => {
        keep = wanted;
      },
    });
  } finally {
    await Promise.allSettled([...opened.map((table) => table.close()), pool?.close()]);
    await closeMember();
    if (!keep) await directory.discard();
  }
}
