/**
 * Makes batches: copies chosen rows of a dataset into a network's input, target and weight buffers.
 *
 * Beside the kernels this is what a step spends its time on, so `createGather` picks a function once, by the shape of the
 * row, and that function allocates nothing. What it writes for a row is laid out in dataset.ts.
 */
import type { Kernels } from '../kernels/kernels.js';
import { CATEGORY_ENCODINGS, categoryWidth, type Dataset, type RowLayout } from './dataset.js';
import { createPiecewise } from './piecewise.js';
import { createTouch } from './touch.js';
import { placeOf } from './values.js';

/**
 * Copies rows. Offsets and leading dimensions count float32 elements.
 *
 * @param slots the rows, slots[0 .. count)
 * @param x receives inputs and codes [count, ldx]; columns beyond them are padding, and not touched
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

/**
 * The function that gathers rows of this dataset.
 *
 * @param kernels copy rows faster, where the dataset is in one piece; slots, x, y and w must then be views of their memory
 */
export function createGather(dataset: Dataset, kernels: Pick<Kernels, 'gatherFrom'> | null = null): Gather {
  const { pieces, layout } = dataset;
  if (kernels?.gatherFrom !== undefined && pieces.length === 1 && layout.stride > 0) {
    return gatherByKernel(dataset, kernels.gatherFrom);
  }
  const touch = createTouch(dataset);
  const gather = createCopy(dataset);
  if (touch === null) return gather;
  return (slots, count, x, xOffset, ldx, y, yOffset, w, wOffset) => {
    touch(slots, count);
    gather(slots, count, x, xOffset, ldx, y, yOffset, w, wOffset);
  };
}

function createCopy(dataset: Dataset): Gather {
  const views = dataset.pieces.map((piece) => new Float32Array(piece));
  const encode = isPlain(dataset.layout) ? null : createEncoder(dataset.layout);
  if (views.length === 1 && encode === null) return gatherPlain(views[0], dataset.layout);
  return gatherAny(views, dataset, encode);
}

function gatherByKernel({ layout, pieces }: Dataset, gatherFrom: NonNullable<Kernels['gatherFrom']>): Gather {
  const { numbers, categories, targets, weighted, stride } = layout;
  const rows = new Float32Array(pieces[0]);
  const copyRows = gatherFrom(rows);
  const encode = isPlain(layout) ? null : createEncoder(layout);
  return (slots, count, x, xOffset, ldx, y, yOffset, w, wOffset) => {
    const weights = weighted && w !== null ? w.byteOffset + 4 * wOffset : 0;
    const [toX, toY] = [x.byteOffset + 4 * xOffset, y.byteOffset + 4 * yOffset];
    copyRows(count, slots.byteOffset, stride, numbers, toX, ldx, numbers + categories.length, targets, toY, weights);
    if (encode === null) return;
    for (let i = 0; i < count; i++) encode(rows, Math.imul(slots[i], stride), x, xOffset + i * ldx);
  };
}

/** Numbers only, in one piece: a row is copied as it is. */
function gatherPlain(rows: Float32Array, { numbers, targets, weighted, stride }: RowLayout): Gather {
  return (slots, count, x, xOffset, ldx, y, yOffset, w, wOffset) => {
    let to = xOffset | 0;
    for (let i = 0; i < count; i++) {
      const from = Math.imul(slots[i], stride);
      copy(rows, from, x, to, numbers);
      if (targets === 1) y[yOffset + i] = rows[from + numbers];
      else copy(rows, from + numbers, y, yOffset + i * targets, targets);
      if (weighted && w !== null) w[wOffset + i] = rows[from + stride - 1];
      to = (to + ldx) | 0;
    }
  };
}

/** Any layout, any number of pieces. */
function gatherAny(views: readonly Float32Array[], { layout, rowsPerPiece }: Dataset, encode: Encoder | null): Gather {
  const { numbers, categories, targets, weighted, stride } = layout;
  const shift = 31 - Math.clz32(rowsPerPiece);
  const mask = rowsPerPiece - 1;
  const targetAt = numbers + categories.length;
  return (slots, count, x, xOffset, ldx, y, yOffset, w, wOffset) => {
    let to = xOffset | 0;
    for (let i = 0; i < count; i++) {
      const rows = views[slots[i] >>> shift];
      const from = Math.imul(slots[i] & mask, stride);
      copy(rows, from, x, to, numbers);
      if (encode !== null) encode(rows, from, x, to);
      copy(rows, from + targetAt, y, yOffset + i * targets, targets);
      if (weighted && w !== null) w[wOffset + i] = rows[from + stride - 1];
      to = (to + ldx) | 0;
    }
  };
}

/** Whether a row's inputs are its numbers as they are. */
function isPlain({ flagged, categories, binned, valued }: RowLayout): boolean {
  return flagged.length + categories.length + binned.length + valued.length === 0;
}

/** Turns the numbers at x[to ...] into the whole input, by what the row at `from` holds. */
type Encoder = (rows: Float32Array, from: number, x: Float32Array, to: number) => void;

function createEncoder(layout: RowLayout): Encoder {
  const { numbers, flagged, categories, binned, valued } = layout;
  const parts: Encoder[] = [];
  if (categories.length > 0) parts.push(categoryEncoder(layout));
  if (binned.length > 0) parts.push(binEncoder(layout));
  if (valued.length > 0) parts.push(valueEncoder(layout));
  const flaggedColumns = Int32Array.from(flagged);
  const flags = flagged.length;
  return (rows, from, x, to) => {
    for (let p = 0; p < parts.length; p++) parts[p](rows, from, x, to);
    for (let f = 0; f < flags; f++) {
      const at = (to + flaggedColumns[f]) | 0;
      const missing = Number.isNaN(rows[from + flaggedColumns[f]]);
      if (missing) x[at] = 0;
      x[to + numbers + f] = missing ? 1 : 0;
    }
  };
}

function categoryEncoder({ numbers, flagged, categories, inputs }: RowLayout): Encoder {
  const first = numbers + flagged.length;
  /** First input of each category, or the place of its code, from the start of the row. */
  const starts = new Int32Array(categories.length);
  const encodings = Uint8Array.from(categories, ({ encoding }) => CATEGORY_ENCODINGS.indexOf(encoding));
  const [sign, embedding] = [CATEGORY_ENCODINGS.indexOf('sign'), CATEGORY_ENCODINGS.indexOf('embedding')];
  let [end, codes] = [first, inputs];
  for (const [c, category] of categories.entries()) {
    starts[c] = encodings[c] === embedding ? codes++ : end;
    end += categoryWidth(category);
  }
  return (rows, from, x, to) => {
    for (let j = first; j < end; j++) x[to + j] = 0;
    for (let c = 0; c < starts.length; c++) {
      const code = rows[from + numbers + c] | 0;
      if (encodings[c] === embedding) x[to + starts[c]] = code;
      else if (code < 0) continue;
      else if (encodings[c] === sign) x[to + starts[c]] = 2 * code - 1;
      else x[to + starts[c] + code] = 1;
    }
  };
}

function binEncoder({ inputs, binned }: RowLayout): Encoder {
  const columns = Int32Array.from(binned, ({ number }) => number);
  const encoders = binned.map(createPiecewise);
  const starts = new Int32Array(binned.length);
  for (let b = binned.length - 1, end = inputs; b >= 0; b--) {
    end -= binned[b].means.length;
    starts[b] = end;
  }
  return (rows, from, x, to) => {
    for (let b = 0; b < columns.length; b++) {
      const z = rows[from + columns[b]];
      if (Number.isNaN(z)) x[to + columns[b]] = 0;
      encoders[b](z, x, to + starts[b]);
    }
  };
}

function valueEncoder({ inputs, embedded, valued }: RowLayout): Encoder {
  const columns = Int32Array.from(valued, ({ number }) => number);
  const known = valued.map(({ values }) => Float32Array.from(values));
  const first = inputs + embedded.length - valued.length;
  return (rows, from, x, to) => {
    for (let v = 0; v < columns.length; v++) {
      const z = rows[from + columns[v]];
      if (Number.isNaN(z)) x[to + columns[v]] = 0;
      x[to + first + v] = placeOf(known[v], z);
    }
  };
}

/**
 * to[at ...] = from[start ...]. Written out by fours with the rest apart: a row of two numbers then costs 2 ns, a third of
 * what a loop over them does, and a long one as much as it would by eights. (`set` with a subarray overtakes it only at
 * several hundred numbers, and allocates.)
 */
function copy(from: Float32Array, start: number, to: Float32Array, at: number, count: number): void {
  const fours = count & ~3;
  const rest = count & 3;
  let j = 0;
  for (; j < fours; j = (j + 4) | 0) {
    const a = (start + j) | 0;
    const b = (at + j) | 0;
    to[b] = from[a];
    to[b + 1] = from[a + 1];
    to[b + 2] = from[a + 2];
    to[b + 3] = from[a + 3];
  }
  if (rest === 0) return;
  const a = (start + j) | 0;
  const b = (at + j) | 0;
  to[b] = from[a];
  if (rest === 1) return;
  to[b + 1] = from[a + 1];
  if (rest === 3) to[b + 2] = from[a + 2];
}
