/**
 * Spooling: the rows of a table go to a file instead of a dataset in memory, decoded once, stretch by stretch, a few
 * stretches at a time. Whoever decodes (DuckDB in the coordinator, or workers), threads write what was decoded and take the
 * moments of its chunks on the way. What ends up in the file, and what the moments are, depends on the rows alone.
 */
import type { AddonChoice } from '../kernels/native.js';
import type { Dataset, RowLayout } from './dataset.js';
import { columnsToFill, createFiller, type Filler, type FillPlan, valuesToFill } from './fill.js';
import { checkInterrupt } from './interrupt.js';
import type { Preprocessing } from './preprocess.js';
import type { Sample } from './sample.js';
import type { SpoolPlace } from './spool-file.js';
import { allocate, type LoadContext, problemError } from './stages.js';
import { cutStretches, placeInStaging, type StoreTask, type Stretch } from './stretches.js';
import type { SurveyedRows } from './survey.js';
import type { Table } from './table.js';
import type { SpooledStretch } from './tasks.js';

/** Long writes, and little memory for each thread. */
export const STRETCH_BYTES = 1 << 24;

/** How much is decoded before it is written. */
export interface StagingSizes {
  /** Stretches that are in memory at once, at least 2. */
  readonly stagings: number;
  /** Bytes of rows in a stretch, about. */
  readonly stretchBytes: number;
}

export interface SpoolPlan extends StagingSizes {
  readonly place: SpoolPlace;
  /** As `FillPlan` has it. */
  readonly preprocessing: Preprocessing;
  readonly layout: RowLayout;
  /** Slots below this are training rows. */
  readonly trainRows: number;
  /** The first slot of the table's held-out rows. */
  readonly heldStart: number;
  /** Words of the row whose moments are wanted. */
  readonly columns: readonly number[];
  /** Receives the training rows that it asks for, if one is wanted. */
  readonly sample: Sample | null;
  /** Where kernels for tables are from, if there are any. */
  readonly addon: AddonChoice | null;
}

/** Memory for one stretch at a time. */
interface Staging {
  readonly dataset: Dataset;
  /** Row of the stretch -> slot in the dataset. */
  readonly slots: SharedArrayBuffer;
}

/**
 * Spools rows of a table, whose slots are decided.
 *
 * @returns the moments of the training rows' chunks, in parts, for `joinMoments`
 * @throws ParagradError `infinite_value`, `value_out_of_range`, `bad_weight`, `disk_full`, `not_writable`
 */
export async function spoolRows(
  table: Table,
  rows: SurveyedRows,
  plan: SpoolPlan,
  context: LoadContext,
): Promise<Float64Array[]> {
  const slots = new Uint32Array(rows.slots);
  const size = Math.max(1, Math.floor(plan.stretchBytes / (4 * plan.layout.stride)));
  const stretches = cutStretches(slots, rows.firstRow, plan.trainRows, plan.heldStart, size);
  const stagings = createStagings(stretches, plan, table.location);
  const lanes = createLanes(stagings, stretches.length);
  const place = (stretch: Stretch, { slots: own }: Staging) =>
    placeInStaging(stretch, slots, rows.firstRow, new Uint32Array(own));
  if (table.decodedBy === 'workers') await decodeInWorkers(table, stretches, plan, lanes, place, context);
  else await decodeHere(table, stretches, plan, lanes, place, fillPlan(plan, stretches[0], stagings[0]), context);
  const results = await lanes.finish();
  checkInterrupt(context.signal, table.location);
  const problem = results.find((result) => result?.problem)?.problem;
  if (problem) throw problemError(table, problem);
  return results.map((result) => result!.moments!);
}

type Place = (stretch: Stretch, staging: Staging) => void;

/** Each stretch is one task: decode and store. */
async function decodeInWorkers(
  table: Table,
  stretches: readonly Stretch[],
  plan: SpoolPlan,
  lanes: Lanes,
  place: Place,
  { execute, onProgress }: LoadContext,
): Promise<void> {
  const of = stretches[stretches.length - 1].rowEnd - stretches[0].rowStart;
  let rows = 0;
  for (const [i, stretch] of stretches.entries()) {
    const staging = await lanes.take();
    if (lanes.failed()) return;
    place(stretch, staging);
    const { rowStart, rowEnd } = stretch;
    const fill = { source: table.source, plan: fillPlan(plan, stretch, staging) };
    const task = { fill, rows: { rowStart, rowEnd }, store: storeTask(plan, stretch, staging) };
    lanes.run(i, staging, async () => {
      const [result] = await execute('spool', null, [task]);
      rows += rowEnd - rowStart;
      onProgress?.({ location: table.location, rows, of });
      return result;
    });
  }
}

/** Stretches are decoded one after the other, and stored by threads meanwhile. */
async function decodeHere(
  table: Table,
  stretches: readonly Stretch[],
  plan: SpoolPlan,
  lanes: Lanes,
  place: Place,
  any: FillPlan,
  { execute, signal, onProgress }: LoadContext,
): Promise<void> {
  const of = stretches[stretches.length - 1].rowEnd - stretches[0].rowStart;
  let next = 0;
  let current: { readonly staging: Staging; readonly fill: Filler } | null = null;
  for await (const batch of table.read({ columns: columnsToFill(any), values: valuesToFill(any), signal })) {
    const end = batch.rowStart + batch.rows;
    for (let row = batch.rowStart; row < end; ) {
      const stretch = stretches[next];
      if (current === null) {
        const staging = await lanes.take();
        place(stretch, staging);
        current = { staging, fill: createFiller(fillPlan(plan, stretch, staging)) };
      }
      const { staging, fill } = current;
      const rowEnd = Math.min(end, stretch.rowEnd);
      const problem = fill(batch, row, rowEnd);
      if (problem !== null) {
        lanes.run(next, staging, async () => ({ problem, moments: null }));
        return;
      }
      row = rowEnd;
      if (row < stretch.rowEnd) continue;
      const task = storeTask(plan, stretch, staging);
      lanes.run(next++, staging, async () => (await execute('store', null, [task]))[0]);
      current = null;
    }
    onProgress?.({ location: table.location, rows: end - stretches[0].rowStart, of });
  }
}

function fillPlan({ preprocessing, addon }: SpoolPlan, { rowStart }: Stretch, { dataset, slots }: Staging): FillPlan {
  return { dataset, preprocessing, slots, firstRow: rowStart, addon };
}

function storeTask({ place, columns, sample, addon }: SpoolPlan, stretch: Stretch, { dataset }: Staging): StoreTask {
  return { place, dataset, stretch, columns, sample, addon };
}

/** As many as asked for, each large enough for any stretch. */
function createStagings(stretches: readonly Stretch[], { layout, stagings }: SpoolPlan, location: string): Staging[] {
  const keptRows = Math.max(...stretches.map(({ train, held }) => train.rows + held.rows));
  const tableRows = Math.max(...stretches.map(({ rowStart, rowEnd }) => rowEnd - rowStart));
  return Array.from({ length: Math.min(stagings, stretches.length) }, () => ({
    dataset: allocate(keptRows, layout, location),
    slots: new SharedArrayBuffer(4 * tableRows),
  }));
}

/** Runs stretches at the same time, as many as there are stagings. */
interface Lanes {
  /** A staging that is free; waits for one. Rejects when a stretch has. */
  take(): Promise<Staging>;
  /** Starts the work on a stretch, and gives the staging back at its end. */
  run(index: number, staging: Staging, work: () => Promise<SpooledStretch>): void;
  /** Whether a stretch has turned out to have a problem. */
  failed(): boolean;
  /** Waits for all that was started; results by stretch. */
  finish(): Promise<(SpooledStretch | undefined)[]>;
}

function createLanes(stagings: readonly Staging[], stretches: number): Lanes {
  const free = [...stagings];
  const running = new Set<Promise<void>>();
  const results = new Array<SpooledStretch | undefined>(stretches).fill(undefined);
  let failed = false;
  return {
    async take() {
      while (free.length === 0) await Promise.race(running);
      return free.pop()!;
    },
    run(index, staging, work) {
      const done = work().then((result) => {
        results[index] = result;
        if (result.problem !== null) failed = true;
        free.push(staging);
        running.delete(done);
      });
      done.catch(() => {}); // met where it is awaited, in `take` or `finish`
      running.add(done);
    },
    failed: () => failed,
    async finish() {
      await Promise.all(running);
      return results;
    },
  };
}
