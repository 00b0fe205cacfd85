/**
 * Arrow lists of numbers as vectors: where every list of a column has the same length, its elements are columns. Lists of
 * fixed size say their length; of others it is found by a pass over their offsets.
 */
import type { Data } from 'apache-arrow/data';
import type { DataType as Type } from 'apache-arrow/type';
import { DataType } from './arrow-library.js';
import { decodeNumbers, isNumber, isValid, offsetReader, validity } from './arrow-values.js';
import type { Scratch } from './scratch.js';

/** Whether a column of this type may hold vectors: lists of numbers. */
export function isVector(type: Type): boolean {
  const isList = DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type);
  return isList && isNumber(type.children[0].type);
}

/** The length of every list, where the type says it. */
export function fixedLength(type: Type): number | null {
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
    if (!isValid(valid, row)) continue;
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
export function decodeVectors(data: Data, length: number, from: number, to: number, scratch: Scratch): Float64Array[] {
  const offset = offsetReader(data);
  const valid = validity(data);
  const first = offset(from);
  const { values } = decodeNumbers(data.children[0], first, offset(to), scratch);
  const elements = Array.from({ length }, () => scratch.float64(to - from).fill(Number.NaN));
  for (let row = from; row < to; row++) {
    if (!isValid(valid, row)) continue;
    const start = offset(row) - first;
    for (let e = 0; e < length; e++) elements[e][row - from] = values[start + e];
  }
  return elements;
}
