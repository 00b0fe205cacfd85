/** What `paragrad inspect` says of a table: schema and statistics. */
import { openTable } from '../data/open.js';
import type { Column } from '../data/table.js';
import { formatTable } from './format.js';

export interface TableDescription {
  readonly location: string;
  readonly format: string;
  readonly rows: number;
  /** Runs of rows as stored. */
  readonly blocks: number;
  readonly columns: readonly (Column & { readonly missing: number })[];
}

/** Reads what there is to say of a table. */
export async function describeTable(location: string, signal: AbortSignal): Promise<TableDescription> {
  const table = await openTable(location, { signal });
  try {
    const { format, rows, blocks } = table;
    const missing = await table.nulls(
      table.columns.map(({ name }) => name),
      signal,
    );
    const columns = table.columns.map((column, i) => ({ ...column, missing: missing[i] }));
    return { location, format, rows, blocks: blocks.length, columns };
  } finally {
    await table.close();
  }
}

/** A table as the one line of --json. */
export function tableEvent({ location, ...description }: TableDescription): object {
  return { type: 'done', kind: 'table', path: location, ...description };
}

/** A table as text for people. */
export function tableText({ location, format, rows, blocks, columns }: TableDescription): string {
  const lines = columns.map(({ name, type, kind, missing }) => [name, type, kind, String(missing)]);
  const blockText = `${blocks} ${blocks === 1 ? 'block' : 'blocks'}`;
  return `${location}: ${format}, ${rows} rows in ${blockText}\n\n${formatTable([['column', 'type', 'read as', 'missing'], ...lines])}`;
}
