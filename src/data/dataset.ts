/**
 * A dataset in shared memory: rows of float32, row-major, in pieces that every worker maps. What a row holds:
 *
 *   [ numbers … | category codes … | targets … | weight? ]      `stride` float32 words
 *
 * Numbers are standardised; a missing one stays NaN only in the columns listed in `flagged`. Codes index the global,
 * sorted dictionary of their column; -1 is missing or unseen. The network's input is made of a row by batches.ts:
 *
 *   [ numbers … | a 0/1 "is missing" flag per flagged number … | one-hot of each category … ]
 *
 * so that a category costs 4 bytes a row in memory, whatever its size.
 */
export interface RowLayout {
  /** Number columns. */
  readonly numbers: number;
  /** Indices (into the numbers) of the columns whose NaN means missing and feeds a flag; ascending. */
  readonly flagged: readonly number[];
  /** Size of the dictionary of each category column. */
  readonly categories: readonly number[];
  /** Target values a row: outputs of a regression, 1 (the class index) for classification, 0 when a table has no target. */
  readonly targets: number;
  readonly weighted: boolean;
  /** float32 words a row. */
  readonly stride: number;
  /** Width of the network's input: numbers + flags + sum of categories. */
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
  categories: readonly number[];
  targets: number;
  weighted: boolean;
}): RowLayout {
  const stride = spec.numbers + spec.categories.length + spec.targets + (spec.weighted ? 1 : 0);
  const inputs = spec.numbers + spec.flagged.length + spec.categories.reduce((sum, size) => sum + size, 0);
  return { ...spec, stride, inputs };
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
