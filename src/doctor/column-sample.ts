/** The numbers and categories of a table, column by column, for the statistics that findings are made of. */
import type { Table } from '../data/table.js';

export interface NumberColumn {
  readonly name: string;
  readonly kind: 'number';
  /** NaN where missing. */
  readonly values: Float64Array;
}

export interface CategoryColumn {
  readonly name: string;
  readonly kind: 'category';
  /** Codes; -1 where missing. */
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

export type SampledColumn = NumberColumn | CategoryColumn;

export async function sampleColumns(
  table: Table,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<SampledColumn[]> {
  const { rows } = table;
  const numbers = names.map(() => new Float64Array(rows));
  const codes = names.map(() => new Int32Array(rows));
  const places = names.map(() => new Map<string, number>());
  const isNumber = names.map(() => true);
  for await (const batch of table.read({ columns: names, signal })) {
    for (const [c, column] of batch.columns.entries()) {
      if (column.kind === 'number') {
        numbers[c].set(column.values, batch.rowStart);
        continue;
      }
      isNumber[c] = false;
      const place = column.dictionary.map((value) => {
        const known = places[c].get(value) ?? places[c].size;
        places[c].set(value, known);
        return known;
      });
      for (let i = 0; i < column.codes.length; i++) {
        codes[c][batch.rowStart + i] = column.codes[i] < 0 ? -1 : place[column.codes[i]];
      }
    }
  }
  return names.map(
    (name, c): SampledColumn =>
      isNumber[c]
        ? { name, kind: 'number', values: numbers[c] }
        : { name, kind: 'category', codes: codes[c], values: [...places[c].keys()] },
  );
}

export interface Summary {
  readonly count: number;
  readonly distinct: number;
  readonly mean: number;
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
  readonly median: number;
  /** Distance of the quartiles. */
  readonly spread: number;
  /** Whether every value is an integer. */
  readonly integers: boolean;
  /** The least and the greatest value, and how often each is there. */
  readonly edges: readonly { readonly value: number; readonly count: number }[];
  readonly sorted: Float64Array;
}

/** Of the finite values; null where there is none. */
export function summarise(values: Float64Array): Summary | null {
  const sorted = values.filter(Number.isFinite).sort();
  const count = sorted.length;
  if (count === 0) return null;
  const at = (share: number): number => sorted[Math.min(count - 1, Math.floor(share * count))];
  const mean = sorted.reduce((sum, v) => sum + v / count, 0);
  const deviation = Math.sqrt(sorted.reduce((sum, v) => sum + ((v - mean) * (v - mean)) / count, 0));
  let distinct = 1;
  for (let i = 1; i < count; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  const edge = (value: number) => ({ value, count: sorted.reduce((sum, v) => sum + (v === value ? 1 : 0), 0) });
  return {
    count,
    distinct,
    mean,
    deviation,
    min: sorted[0],
    max: sorted[count - 1],
    median: at(0.5),
    spread: at(0.75) - at(0.25),
    integers: sorted.every(Number.isInteger),
    edges: [edge(sorted[0]), edge(sorted[count - 1])],
    sorted,
  };
}

/** Correlation of two columns over the rows where both are finite; 0 where one is constant. */
export function correlation(a: Float64Array, b: Float64Array): number {
  let [n, ma, mb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(a[i] + b[i])) continue;
    n++;
    ma += a[i];
    mb += b[i];
  }
  ma /= n;
  mb /= n;
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(a[i] + b[i])) continue;
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return aa === 0 || bb === 0 || n < 3 ? 0 : ab / Math.sqrt(aa * bb);
}

/** Ranks of the values, ties by their mean; NaN stays NaN. */
export function ranks(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).filter((i) => Number.isFinite(values[i]));
  order.sort((a, b) => values[a] - values[b]);
  const out = new Float64Array(values.length).fill(Number.NaN);
  for (let from = 0, to = 0; from < order.length; from = to) {
    for (to = from; to < order.length && values[order[to]] === values[order[from]]; ) to++;
    for (let i = from; i < to; i++) out[order[i]] = (from + to - 1) / 2;
  }
  return out;
}

/** Share of the variance of `y` that the groups explain: 1 where a group has one value of y. */
export function explained(groups: ArrayLike<number>, y: Float64Array): number {
  const sums = new Map<number, { n: number; sum: number }>();
  let [n, total] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    if (!Number.isFinite(y[i]) || Number.isNaN(groups[i])) continue;
    const group = sums.get(groups[i]) ?? { n: 0, sum: 0 };
    group.n++;
    group.sum += y[i];
    sums.set(groups[i], group);
    n++;
    total += y[i];
  }
  const mean = total / n;
  let variance = 0;
  for (let i = 0; i < y.length; i++) {
    if (Number.isFinite(y[i]) && !Number.isNaN(groups[i])) variance += (y[i] - mean) ** 2;
  }
  let between = 0;
  for (const group of sums.values()) between += group.n * (group.sum / group.n - mean) ** 2;
  return variance === 0 ? 0 : between / variance;
}
