/** The tables of their own that a run is validated and tested by, sampled as the one that it is trained on. */
import { kindsOf } from '../data/columns.js';
import { openTable } from '../data/open.js';
import { sampleTable } from '../data/sample-table.js';
import type { Table } from '../data/table.js';
import type { ResolvedConfig } from '../train/config.js';
import { sampleColumns } from './column-sample.js';
import type { HeldOutTable } from './held-out-findings.js';

/**
 * @param trained the table that is trained on
 * @param names of features and target
 * @param rows of each table, at most
 * @throws ParagradError for a table that cannot be opened
 */
export async function sampleHeldOut(
  { validation, test, format, seed }: ResolvedConfig,
  trained: Table,
  names: readonly string[],
  rows: number,
  signal?: AbortSignal,
): Promise<HeldOutTable[]> {
  const named = [
    ...(typeof validation === 'string' ? [{ role: 'validation', data: validation }] : []),
    ...(test === undefined ? [] : [{ role: 'test', data: test }]),
  ];
  const found: HeldOutTable[] = [];
  for (const { role, data } of named) {
    const table = await openTable({ data, format }, { kinds: kindsOf(trained), signal });
    try {
      // What is missing there is told when the table is read for the run.
      const readable = new Set(table.columns.filter(({ kind }) => kind !== 'unsupported').map(({ name }) => name));
      if (table.rows === 0 || !names.every((name) => readable.has(name))) continue;
      found.push({ role, columns: await sampleColumns(sampleTable(table, rows, seed), names, signal) });
    } finally {
      await table.close();
    }
  }
  return found;
}
