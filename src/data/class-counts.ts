/** How many training rows each class has: what balanced class weights are made of. Row weights do not count. */
import { readCodes } from './hold-out.js';
import type { ClassTarget } from './preprocess.js';
import { DROPPED } from './split.js';
import type { SurveyedRows } from './survey.js';
import type { Table } from './table.js';

/**
 * @param rows with their slots, those below `trainRows` being trained on
 * @returns [classes]
 */
export async function countClasses(
  table: Table,
  rows: SurveyedRows,
  target: ClassTarget,
  trainRows: number,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const counts = new Array<number>(target.classes.length).fill(0);
  const { codes } = await readCodes({ table, rows, signal }, target.name, target.classes.map(String));
  new Uint32Array(rows.slots).forEach((slot, row) => {
    if (slot !== DROPPED && slot < trainRows) counts[codes[row]]++;
  });
  return counts;
}
