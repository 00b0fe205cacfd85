/**
 * How the columns of a raw table become the numbers of a dataset: plain JSON, decided once on the training rows, stored
 * in the model, and applied as it is to every later table.
 *
 * A number x is stored in two steps, so that float32 loses nothing that matters of a column with a large offset:
 *
 *   v = fround(x - centre)            when the row is written; `centre` is near the column's values
 *   z = fround((v - shift) / scale)   once the training rows are known; shift and scale are their mean and population
 *                                     standard deviation
 *
 * A constant column has scale 0, and z is 0. A missing number is the column's mean, z = 0, and in a `flagged` column also
 * raises a flag. A category is its place among `values`, one-hot; missing and unseen values are all zeros.
 * Without scaling, centre and shift are 0 and scale is 1: z is exactly fround(x), and missing numbers are 0.
 */
import { planRow, type RowLayout } from './dataset.js';
import type { TimePart } from './times.js';

export type Scaling = 'standard' | 'none';
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
  /** Whether the training rows miss a value here, so that the network has an input that says so. */
  readonly flagged: boolean;
}

export interface CategoryInput {
  readonly name: string;
  /** Sorted by UTF-16 code units; booleans are "false" and "true". Empty where values are hashed. */
  readonly values: readonly string[];
  /** Hashed into so many buckets instead, see buckets.ts; a value never seen before then is not all zeros. */
  readonly buckets?: number | undefined;
}

export interface RegressionTarget extends Standardisation {
  readonly name: string;
  readonly task: 'regression';
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

/** The raw value that a network's output stands for. */
export function unstandardised(z: number, target: Standardisation): number {
  return target.centre + (target.shift + target.scale * z);
}

/** The row that these columns make. */
export function rowLayout(
  preprocessing: Preprocessing,
  parts: { readonly target: boolean; readonly weight: boolean },
): RowLayout {
  return planRow({
    numbers: preprocessing.numbers.length,
    flagged: preprocessing.numbers.flatMap(({ flagged }, i) => (flagged ? [i] : [])),
    categories: preprocessing.categories.map(({ values, buckets }) => buckets ?? values.length),
    targets: parts.target ? 1 : 0,
    weighted: parts.weight,
  });
}

/** Names of the network's inputs, in their order (see dataset.ts). */
export function featureNames(preprocessing: Preprocessing): string[] {
  const { numbers, categories } = preprocessing;
  return [
    ...numbers.map(({ name, part }) => (part === undefined ? name : `${name} (${part})`)),
    ...numbers.filter(({ flagged }) => flagged).map(({ name }) => `${name} is missing`),
    ...categories.flatMap(({ name, values, buckets }) =>
      buckets === undefined
        ? values.map((value) => `${name} = ${value}`)
        : Array.from({ length: buckets }, (_, i) => `${name} in bucket ${i}`),
    ),
  ];
}
