/**
 * How the columns of a raw table become the numbers of a dataset: plain JSON, decided once on the training rows, stored
 * in the model, and applied as it is to every later table.
 *
 * A number x is stored in two steps, so that float32 loses nothing that matters of a column with a large offset:
 *
 *   v = fround(x - centre)            when the row is written; `centre` is near the column's values
 *   z = fround((v - shift) / scale)   once the training rows are known; shift and scale say where they are and how wide
 *                                     they spread (scales.ts)
 *
 * With a `clip` c, u = (v - shift) / scale is bent before it is rounded, z = u / sqrt(1 + (u / c)^2): near 0 that is u, and
 * far out it stays within -c and c. A constant column has scale 0, and z is 0. A missing number is z = 0, and in a `flagged`
 * column also raises a flag. A category is its place among `values`, encoded as dataset.ts says; missing and unseen values
 * are zeros. Without scaling, centre and shift are 0 and scale is 1: z is exactly fround(x), and missing numbers are 0.
 */
import { type CategoryEncoding, categoryWidth, planRow, type RowLayout } from './dataset.js';
import type { Bins } from './piecewise.js';
import type { TimePart } from './times.js';

export const SCALINGS = ['standard', 'robust', 'none'] as const;
export type Scaling = (typeof SCALINGS)[number];
export type TargetScaling = 'standard' | 'none';
/**
 * What columns can be given by besides a number, or an input for each value of a category: numbers also by bins (piecewise),
 * those that are codes also by learned vectors for their values (values), categories of two values as -1 and 1 (sign), those of many
 * values by learned vectors (embedding). Numbers also by learned
 * waves (periodic) are the network's own doing.
 */
export type InputEncoding = 'piecewise' | 'values' | 'sign' | 'embedding' | 'periodic';
export type TargetTask = 'regression' | 'binary' | 'multiclass';

/** The two steps above. */
export interface Standardisation {
  readonly centre: number;
  readonly shift: number;
  readonly scale: number;
}

export interface NumberInput extends Standardisation {
  /** Of the column; several inputs may be parts of one. */
  readonly name: string;
  /** What of a column of times; x above is then this part of it. Absent: the column is of numbers. */
  readonly part?: TimePart | undefined;
  /** c above; absent: z is not clipped. */
  readonly clip?: number | undefined;
  /** Of the training rows' z; absent: the number is given as it is only. */
  readonly bins?: Bins | undefined;
  /** Values of z that have learned vectors (values.ts), ascending; absent: none. */
  readonly values?: readonly number[] | undefined;
  /** Whether the training rows miss a value here, so that the network has an input that says so. */
  readonly flagged: boolean;
}

export interface CategoryInput {
  readonly name: string;
  /** Sorted by UTF-16 code units; booleans are "false" and "true". Empty where values are hashed. */
  readonly values: readonly string[];
  /** Hashed into so many buckets instead, see buckets.ts; a value never seen before then is not all zeros. */
  readonly buckets?: number | undefined;
  /** Absent: one-hot. */
  readonly encoding?: CategoryEncoding | undefined;
}

export interface RegressionTarget extends Standardisation {
  readonly name: string;
  readonly task: 'regression';
  /** What predictions are kept within: the values of the training rows. Absent: they are free. */
  readonly range?: { readonly min: number; readonly max: number } | undefined;
}

export interface ClassTarget {
  readonly name: string;
  readonly task: 'binary' | 'multiclass';
  readonly type: 'string' | 'number' | 'boolean';
  /** Sorted; the class index is the place in this list. */
  readonly classes: readonly (string | number | boolean)[];
}

export type Target = RegressionTarget | ClassTarget;

export interface Preprocessing {
  readonly numbers: readonly NumberInput[];
  readonly categories: readonly CategoryInput[];
  readonly target: Target;
  readonly weightColumn: string | null;
}

/** What leaves a value as it is, but for float32. */
export const IDENTITY: Standardisation = { centre: 0, shift: 0, scale: 1 };

/**
 * The first step: what is stored before the statistics are known.
 *
 * @returns a float32; infinite where x is, or where it lies beyond float32
 */
export function centred(x: number, centre: number): number {
  return Math.fround(x - centre);
}

/** The second step, on a finite value of the first. */
export function standardised(v: number, shift: number, scale: number): number {
  return scale === 0 ? 0 : Math.fround((v - shift) / scale);
}

/** The same with a clip. */
export function clipped(v: number, shift: number, scale: number, clip: number): number {
  if (scale === 0) return 0;
  const u = (v - shift) / scale;
  const share = u / clip;
  return Math.fround(u / Math.sqrt(1 + share * share));
}

/** The raw value that a network's output stands for. */
export function unstandardised(z: number, target: Standardisation): number {
  return target.centre + (target.shift + target.scale * z);
}

/** The prediction that an output stands for: its raw value, or the end of the target's range that is nearest to it. */
export function predictedValue(z: number, target: RegressionTarget): number {
  const value = unstandardised(z, target);
  return target.range === undefined ? value : Math.min(target.range.max, Math.max(target.range.min, value));
}

/** The row that these columns make. */
export function rowLayout(
  preprocessing: Preprocessing,
  parts: { readonly target: boolean; readonly weight: boolean },
): RowLayout {
  return planRow({
    numbers: preprocessing.numbers.length,
    flagged: preprocessing.numbers.flatMap(({ flagged }, i) => (flagged ? [i] : [])),
    categories: preprocessing.categories.map(categoryLayout),
    binned: preprocessing.numbers.flatMap(({ bins }, number) => (bins === undefined ? [] : [{ number, ...bins }])),
    valued: preprocessing.numbers.flatMap(({ values }, number) => (values === undefined ? [] : [{ number, values }])),
    targets: parts.target ? 1 : 0,
    weighted: parts.weight,
  });
}

function categoryLayout({ values, buckets, encoding = 'one-hot' }: CategoryInput): RowLayout['categories'][number] {
  return { values: buckets ?? values.length, encoding };
}

/** Names of what is gathered of a row, in its order (see dataset.ts). */
export function featureNames(preprocessing: Preprocessing): string[] {
  const { numbers, categories } = preprocessing;
  return [
    ...numbers.map(numberName),
    ...numbers.filter(({ flagged }) => flagged).map(({ name }) => `${name} is missing`),
    ...categories.flatMap(categoryNames),
    ...numbers.flatMap((number) => (number.bins?.means ?? []).map((_, bin) => `${numberName(number)} in bin ${bin}`)),
  ];
}

function numberName({ name, part }: NumberInput): string {
  return part === undefined ? name : `${name} (${part})`;
}

function categoryNames(category: CategoryInput): string[] {
  const { name, values, buckets, encoding } = category;
  if (encoding === 'sign') return [`${name} = ${values[1]} or ${values[0]}`];
  return Array.from({ length: categoryWidth(categoryLayout(category)) }, (_, i) =>
    buckets === undefined ? `${name} = ${values[i]}` : `${name} in bucket ${i}`,
  );
}
