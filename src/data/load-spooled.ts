/**
 * Loads a table for training that is too large for memory: its rows go to a temporary file, in the order of their slots and
 * not yet standardised, and their statistics are taken on the way. The preprocessing that comes out has the same bits as
 * that of `loadTraining`.
 */
import type { AddonChoice } from '../kernels/native.js';
import type { RowLayout } from './dataset.js';
import { partsOf, standardisedWords, type TrainingLoad, type TrainingPlan } from './load.js';
import { measure, openSample } from './measure.js';
import { type Preprocessing, rowLayout } from './preprocess.js';
import { emptyNotes } from './scales.js';
import type { Split } from './split.js';
import { type StagingSizes, spoolRows } from './spool.js';
import type { SpoolFile } from './spool-file.js';
import { type ColumnScale, columnScales } from './standardise.js';
import { joinMoments } from './statistics.js';

export interface SpooledTraining extends Split {
  readonly file: SpoolFile;
  /** The row as training reads it. */
  readonly layout: RowLayout;
  /** What is done to a row of the file to make it that. */
  readonly scales: readonly ColumnScale[];
  readonly preprocessing: Preprocessing;
  /** Where kernels for its rows are from, if there are any. */
  readonly addon: AddonChoice | null;
  /** What the user should know besides the notes of the plan. */
  readonly notes: readonly string[];
}

/** Bytes of all rows of a plan. */
export function storedBytes({ layout, trainRows, validationRows }: TrainingPlan): number {
  return 4 * layout.stride * (trainRows + validationRows);
}

/**
 * Writes the rows of a plan to a file. Where this fails or is interrupted, threads may still be writing: the caller closes the
 * file, once they have ended.
 *
 * @throws ParagradError as `loadTraining`, `disk_full` or `not_writable`
 */
export async function loadSpooled(
  plan: TrainingPlan,
  load: TrainingLoad,
  file: SpoolFile,
  staging: StagingSizes,
): Promise<SpooledTraining> {
  const { table, rows, held, preprocessing: raw, layout, trainRows, validationRows } = plan;
  const columns = standardisedWords(raw);
  const sample = openSample(trainRows, layout, load);
  const addon = load.kernelSource?.addon ?? null;
  const own = {
    place: file.place,
    preprocessing: raw,
    layout,
    trainRows,
    heldStart: trainRows,
    columns,
    sample,
    addon,
  };
  const spool = { ...own, ...staging };
  const parts = await spoolRows(table, rows, spool, load);
  if (held) await spoolRows(held.table, held.rows, spool, load);
  const moments = joinMoments(parts, columns.length);
  const preprocessing = await measure(raw, moments, trainRows, null, sample, load);
  return {
    trainRows,
    validationRows,
    file,
    layout: rowLayout(preprocessing, partsOf(preprocessing)),
    scales: columnScales(preprocessing, true),
    preprocessing,
    addon,
    notes: emptyNotes(table.location, raw, moments),
  };
}
