/**
 * The measuring of the training rows that completes a preprocessing: shifts and scales, flags, bins, telling values. It is the same, bit by
 * bit, for rows in memory and rows in a file: moments come from all of them, everything else from all of them where they are
 * few and from a sample (sample.ts) where they are many.
 */
import type { Dataset, RowLayout } from './dataset.js';
import type { EncodingOptions } from './encoding.js';
import type { NumberInput, Preprocessing } from './preprocess.js';
import { createSample, isWhole, SAMPLE_SIZES, type Sample, type SampleSizes, sampleRows } from './sample.js';
import { withStatistics } from './scales.js';
import { findInputs, type LoadContext, quartiles, standardise } from './stages.js';
import { columnScales } from './standardise.js';
import type { Moments } from './statistics.js';

export interface MeasureOptions extends EncodingOptions {
  readonly seed: number;
  /** Default: SAMPLE_SIZES. */
  readonly sampleSizes?: SampleSizes | undefined;
}

/** Bytes of the sample that rows are measured by; 0 where none is needed. */
export function sampleBytes(trainRows: number, layout: RowLayout, options: MeasureOptions): number {
  return 4 * (layout.stride + 1) * rowsToSample(trainRows, layout, options);
}

/** The empty sample to fill while rows are read, if one is needed. */
export function openSample(trainRows: number, layout: RowLayout, options: MeasureOptions): Sample | null {
  const rows = rowsToSample(trainRows, layout, options);
  return rows === 0 ? null : createSample(trainRows, rows, layout, options.seed);
}

function rowsToSample(trainRows: number, layout: RowLayout, options: MeasureOptions): number {
  if (options.scale !== 'robust' && !asksTarget(options)) return 0;
  return sampleRows(trainRows, layout, options.sampleSizes ?? SAMPLE_SIZES);
}

/**
 * Completes a preprocessing.
 *
 * @param raw with shift 0, scale 1, no flags, no bins and no telling values
 * @param moments of all training rows: of the numbers, and then of the target of a regression
 * @param dataset the training rows, not yet standardised, where they are in memory: slots 0 .. trainRows
 * @param sample of them; standardised here
 */
export async function measure(
  raw: Preprocessing,
  moments: readonly Moments[],
  trainRows: number,
  dataset: Dataset | null,
  sample: Sample | null,
  options: MeasureOptions & LoadContext,
): Promise<Preprocessing> {
  if (sample === null) return withStatistics(raw, moments, null, options);
  const whole = dataset !== null && isWhole(trainRows, dataset.layout, options.sampleSizes ?? SAMPLE_SIZES);
  const [rows, count] = whole ? [dataset, trainRows] : [sample.dataset, sample.dataset.rows];
  const robust = options.scale === 'robust' ? await quartiles(rows, count, raw.numbers.length, options) : null;
  const scaled = withStatistics(raw, moments, robust, options);
  return asksTarget(options) ? await withFoundInputs(scaled, sample, options) : scaled;
}

/** Whether numbers are to be given by what the target finds in them. */
function asksTarget({ encode = [] }: EncodingOptions): boolean {
  return encode.includes('piecewise') || encode.includes('values');
}

async function withFoundInputs(
  scaled: Preprocessing,
  { dataset }: Sample,
  context: MeasureOptions & LoadContext,
): Promise<Preprocessing> {
  const { target, numbers } = scaled;
  const scales = columnScales(scaled, true).map((scale) => ({ ...scale, keepMissing: true }));
  await standardise(dataset, scales, context);
  const classes = target.task === 'regression' ? 0 : target.classes.length;
  const { encode = [] } = context;
  const wanted = { bins: encode.includes('piecewise'), values: encode.includes('values') };
  const found = await findInputs(dataset, numbers.length, classes, wanted, context);
  return { ...scaled, numbers: numbers.map((number, i): NumberInput => ({ ...number, ...found[i] })) };
}
