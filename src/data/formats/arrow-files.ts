/** Arrow files and streams as one table. */
import { concatenate } from '../concatenate.js';
import type { Table, TableSource } from '../table.js';
import { openArrow } from './arrow.js';
import type { OpenOptions } from './format.js';

/** @throws ParagradError as `openArrow` does, and `schema_mismatch` */
export async function openArrowFiles(source: TableSource, options: OpenOptions): Promise<Table> {
  const tables: Table[] = [];
  try {
    for (const file of source.files) {
      const location = source.files.length === 1 ? source.location : file.name;
      tables.push(await openArrow({ ...source, location, files: [file] }, options));
    }
    const vectors = tables[0].source.vectors;
    return concatenate(tables, { ...source, ...(vectors && { vectors }) });
  } catch (error) {
    await Promise.all(tables.map((table) => table.close()));
    throw error;
  }
}
