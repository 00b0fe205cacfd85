/**
 * Makes batches: copies chosen rows of a dataset into a network's input, target and weight buffers.
 *
 * Beside the kernels this is what a step spends its time on, so `createGather` picks a function once, by the shape of the
 * row, and that function allocates nothing. What it writes for a row is laid out in dataset.ts.
 */
import type { Dataset, RowLayout } from './dataset.js';

/**
 * Copies rows. Offsets and leading dimensions count float32 elements.
 *
 * @param slots the rows, slots[0 .. count)
 * @param x receives inputs [count, ldx]; columns from `inputs` to ldx are padding, and not touched
 * @param y receives targets [count, targets]
 * @param w receives weights [count], or null where nobody wants them; a dataset without weights leaves it alone
 */
export type Gather = (
  slots: Uint32Array,
  count: number,
  x: Float32Array,
  xOffset: number,
  ldx: number,
  y: Float32Array,
  yOffset: number,
  w: Float32Array | null,
  wOffset: number,
) => void;

/** The function that gathers rows of this dataset. */
export function createGather(dataset: Dataset): Gather {
  const views = dataset.pieces.map((piece) => new Float32Array(piece));
  const plain = dataset.layout.flagged.length === 0 && dataset.layout.categories.length === 0;
  const encode = plain ? null : createEncoder(dataset.layout);
  if (views.length === 1 && encode === null) return gatherPlain(views[0], dataset.layout);
  return gatherAny(views, dataset, encode);
}

/** Numbers only, in one piece: a row is copied as it is. */
function gatherPlain(rows: Float32Array, { numbers, targets, weighted, stride }: RowLayout): Gather {
  const single = targets === 1;
  const unrolled = numbers - (numbers % 4);
  return (slots, count, x, xOffset, ldx, y, yOffset, w, wOffset) => {
    for (let i = 0; i < count; i++) {
      const from = slots[i] * stride;
      const to = xOffset + i * ldx;
      let j = 0;
      for (; j < unrolled; j += 4) {
        x[to + j] = rows[from + j];
        x[to + j + 1] = rows[from + j + 1];
        x[to + j + 2] = rows[from + j + 2];
        x[to + j + 3] = rows[from + j + 3];
      }
      for (; j < numbers; j++) x[to + j] = rows[from + j];
      if (single) y[yOffset + i] = rows[from + numbers];
      else for (let t = 0; t < targets; t++) y[yOffset + i * targets + t] = rows[from + numbers + t];
      if (weighted && w !== null) w[wOffset + i] = rows[from + stride - 1];
    }
  };
}

/** Writes the inputs of the row at `from` of a piece to x[to ...]. */
type Encoder = (rows: Float32Array, from: number, x: Float32Array, to: number) => void;

/** Any layout, any number of pieces. */
function gatherAny(views: readonly Float32Array[], { layout, rowsPerPiece }: Dataset, encode: Encoder | null): Gather {
  const { numbers, categories, targets, weighted, stride } = layout;
  const shift = 31 - Math.clz32(rowsPerPiece);
  const mask = rowsPerPiece - 1;
  const targetAt = numbers + categories.length;
  return (slots, count, x, xOffset, ldx, y, yOffset, w, wOffset) => {
    for (let i = 0; i < count; i++) {
      const rows = views[slots[i] >>> shift];
      const from = (slots[i] & mask) * stride;
      const to = xOffset + i * ldx;
      if (encode === null) for (let j = 0; j < numbers; j++) x[to + j] = rows[from + j];
      else encode(rows, from, x, to);
      for (let t = 0; t < targets; t++) y[yOffset + i * targets + t] = rows[from + targetAt + t];
      if (weighted && w !== null) w[wOffset + i] = rows[from + stride - 1];
    }
  };
}

function createEncoder({ numbers, flagged, categories, inputs }: RowLayout): Encoder {
  const flaggedColumns = Int32Array.from(flagged);
  const flags = flagged.length;
  const oneHots = numbers + flags;
  /** First input of each category's one-hot, from the start of the row. */
  const starts = new Int32Array(categories.length);
  for (let c = 0, at = oneHots; c < categories.length; at += categories[c++]) starts[c] = at;
  return (rows, from, x, to) => {
    for (let j = 0; j < numbers; j++) x[to + j] = rows[from + j];
    for (let f = 0; f < flags; f++) {
      const at = to + flaggedColumns[f];
      const missing = x[at] !== x[at];
      if (missing) x[at] = 0;
      x[to + numbers + f] = missing ? 1 : 0;
    }
    for (let j = oneHots; j < inputs; j++) x[to + j] = 0;
    for (let c = 0; c < starts.length; c++) {
      const code = rows[from + numbers + c];
      if (code >= 0) x[to + starts[c] + code] = 1;
    }
  };
}
