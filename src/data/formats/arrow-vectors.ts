/**
 * Arrow lists of numbers as vectors: where every list of a column has the same length, its elements are columns. Lists of
 * fixed size say their length; of others it is found by a pass over their offsets.
 */
import type { Data } from 'apache-arrow/data';
import { DataType } from 'apache-arrow/type';
import { decodeNumbers, isNumber, offsetReader, validity } from './arrow-values.js';

/** Whether a column of this type may hold vectors: lists of numbers. */
export function isVector(type: DataType): boolean {
  const isList = DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type);
  return isList && isNumber(type.children[0].type);
}

/** The length of every list, where the type says it. */
export function fixedLength(type: DataType): number | null {
  return DataType.isFixedSizeList(type) ? type.listSize : null;
}

/** Lengths that occur; plain data, joined over batches. */
export interface Lengths {
  readonly min: number;
  readonly max: number;
}

/** The shortest and the longest list of a column that are not null. */
export function listLengths(data: Data, { min, max }: Lengths): Lengths {
  const offset = offsetReader(data);
  const valid = validity(data);
  let [shortest, longest] = [min, max];
  for (let row = 0; row < data.length; row++) {
    if (valid !== null && ((valid[row >> 3] >> (row & 7)) & 1) === 0) continue;
    const length = offset(row + 1) - offset(row);
    shortest = Math.min(shortest, length);
    longest = Math.max(longest, length);
  }
  return { min: shortest, max: longest };
}

/**
 * The elements of rows from .. to (exclusive), a column each; NaN where the list or the element is null.
 *
 * @param length of every list
 */
export function decodeVectors(data: Data, length: number, from: number, to: number): Float64Array[] {
  const offset = offsetReader(data);
  const valid = validity(data);
  const first = offset(from);
  const { values } = decodeNumbers(data.children[0], first, offset(to));
  const elements = Array.from({ length }, () => new Float64Array(to - from).fill(Number.NaN));
  for (let row = from; row < to; row++) {
    if (valid !== null && ((valid[row >> 3] >> (row & 7)) & 1) === 0) continue;
    const start = offset(row) - first;
    for (let e = 0; e < length; e++) elements[e][row - from] = values[start + e];
  }
  return elements;
}
