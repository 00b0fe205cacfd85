/**
 * A dataset in shared memory: rows of float32, row-major, in pieces that every worker maps. What a row holds:
 *
 *   [ numbers … | category codes … | targets … | weight? ]      `stride` float32 words
 *
 * Numbers are standardised; a missing one stays NaN only in the columns listed in `flagged`, `binned` and `valued`. Codes index the
 * global, sorted dictionary of their column; -1 is missing or unseen. The network's input is made of a row by batches.ts:
 *
 *   [ numbers … | a 0/1 "is missing" flag per flagged number … | each category … | bins of each binned number … ]
 *
 * and right behind these inputs the codes of the embedded categories and of the valued numbers, for the network to look up. So a
 * category costs 4 bytes a row in memory, whatever its size, and the bins and values of a number nothing.
 */
import type { Bins } from './piecewise.js';

/**
 * What becomes of a category's code: an input for each value, 1 for the one at hand; one input, -1 for the first of two
 * values and 1 for the second; or no input, but the code, for which the network has a learned vector. Missing is 0 everywhere.
 */
export const CATEGORY_ENCODINGS = ['one-hot', 'sign', 'embedding'] as const;
export type CategoryEncoding = (typeof CATEGORY_ENCODINGS)[number];

export interface CategoryLayout {
  /** Size of the dictionary. */
  readonly values: number;
  readonly encoding: CategoryEncoding;
}

/** A number that is also given by its bins. */
export interface BinnedNumber extends Bins {
  /** Index into the numbers. */
  readonly number: number;
}

/** A number of which some values have learned vectors; its code is their place, -1 for any other value. */
export interface ValuedNumber {
  /** Index into the numbers. */
  readonly number: number;
  /** Ascending, as they are stored. */
  readonly values: readonly number[];
}

export interface RowLayout {
  /** Number columns. */
  readonly numbers: number;
  /** Indices (into the numbers) of the columns whose NaN means missing and feeds a flag; ascending. */
  readonly flagged: readonly number[];
  readonly categories: readonly CategoryLayout[];
  /** Ascending by number. */
  readonly binned: readonly BinnedNumber[];
  /** Ascending by number. */
  readonly valued: readonly ValuedNumber[];
  /** Size of the dictionary of each embedded category, then of each valued number: as many codes follow the inputs. */
  readonly embedded: readonly number[];
  /** Target values a row: outputs of a regression, 1 (the class index) for classification, 0 when a table has no target. */
  readonly targets: number;
  readonly weighted: boolean;
  /** float32 words a row. */
  readonly stride: number;
  /** Width of what is gathered of a row: numbers + flags + inputs of the categories + bins. */
  readonly inputs: number;
}

/** Plain data: can be posted to a worker. */
export interface Dataset {
  readonly rows: number;
  readonly layout: RowLayout;
  /** Float32 data; piece i holds rows i * rowsPerPiece … */
  readonly pieces: readonly SharedArrayBuffer[];
  /** A power of two. */
  readonly rowsPerPiece: number;
}

/** Plans the row of a dataset. */
export function planRow(spec: {
  numbers: number;
  flagged: readonly number[];
  categories: readonly CategoryLayout[];
  binned?: readonly BinnedNumber[];
  valued?: readonly ValuedNumber[];
  targets: number;
  weighted: boolean;
}): RowLayout {
  const { numbers, flagged, categories, binned = [], valued = [], targets, weighted } = spec;
  const stride = numbers + categories.length + targets + (weighted ? 1 : 0);
  const widths = [...categories.map(categoryWidth), ...binned.map(({ means }) => means.length)];
  const inputs = numbers + flagged.length + widths.reduce((sum, width) => sum + width, 0);
  const embedded = [
    ...categories.flatMap(({ values, encoding }) => (encoding === 'embedding' ? [values] : [])),
    ...valued.map(({ values }) => values.length),
  ];
  return { numbers, flagged, categories, binned, valued, embedded, targets, weighted, stride, inputs };
}

/** Inputs that a category's code becomes. */
export function categoryWidth({ values, encoding }: CategoryLayout): number {
  return encoding === 'one-hot' ? values : encoding === 'sign' ? 1 : 0;
}

/** Most bytes of one piece. */
const PIECE_BYTES = 1 << 28;

/** An all-zero dataset. */
export function allocateDataset(rows: number, layout: RowLayout, pieceBytes: number = PIECE_BYTES): Dataset {
  const rowBytes = Math.max(4, layout.stride * 4);
  let rowsPerPiece = 1;
  while (rowsPerPiece * 2 * rowBytes <= pieceBytes && rowsPerPiece < rows) rowsPerPiece *= 2;
  const pieces: SharedArrayBuffer[] = [];
  for (let start = 0; start < rows; start += rowsPerPiece) {
    pieces.push(new SharedArrayBuffer(Math.min(rowsPerPiece, rows - start) * rowBytes));
  }
  return { rows, layout, pieces, rowsPerPiece };
}
