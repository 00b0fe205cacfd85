/** Tables as one table: their rows one after the other. Every table must have the columns of the first, in any order. */
import { ParagradError } from '../errors.js';
import { show } from './columns.js';
import type { Column, FileRows, ReadRequest, RowBatch, Table, TableSource } from './table.js';

/**
 * @param source of all of them together
 * @throws ParagradError `schema_mismatch`
 */
export function concatenate(tables: readonly Table[], source: TableSource): Table {
  const [first] = tables;
  if (tables.length === 1) return first;
  for (const table of tables) checkSchema(first.columns, first.location, table.columns, table.location);
  const starts: number[] = [];
  let rows = 0;
  for (const table of tables) {
    starts.push(rows);
    rows += table.rows;
  }
  const shifted = <T extends { rowStart: number; rowEnd: number }>(list: readonly T[], i: number): T[] =>
    list.map((part) => ({ ...part, rowStart: part.rowStart + starts[i], rowEnd: part.rowEnd + starts[i] }));

  async function* read(request: ReadRequest): AsyncGenerator<RowBatch, void, undefined> {
    const { rowStart = 0, rowEnd = rows } = request;
    for (const [i, table] of tables.entries()) {
      const start = starts[i];
      const from = Math.max(rowStart - start, 0);
      const to = Math.min(rowEnd - start, table.rows);
      if (from >= to) continue;
      for await (const batch of table.read({ ...request, rowStart: from, rowEnd: to })) {
        yield { ...batch, rowStart: batch.rowStart + start };
      }
    }
  }

  return {
    location: source.location,
    format: first.format,
    source,
    files: tables.flatMap((table, i) => shifted<FileRows>(table.files, i)),
    notes: tables.flatMap(({ notes }) => notes),
    columns: first.columns,
    rows,
    blocks: tables.flatMap((table, i) => shifted(table.blocks, i)),
    decodedBy: first.decodedBy,
    read,
    async distinct(names, limit, signal) {
      const found = names.map(() => new Set<string>());
      for (const table of tables) {
        const lists = await table.distinct(names, limit, signal);
        for (const [i, list] of lists.entries())
          for (const value of list) if (found[i].size <= limit) found[i].add(value);
      }
      return found.map((values) => [...values].sort());
    },
    countNumbers: async () => null,
    async nulls(names, signal) {
      const counts = names.map(() => 0);
      for (const table of tables) {
        const own = await table.nulls(names, signal);
        for (const [i, count] of own.entries()) counts[i] += count;
      }
      return counts;
    },
    async close() {
      await Promise.all(tables.map((table) => table.close()));
    },
  };
}

/**
 * Checks that a file has the columns of another, by name and type.
 *
 * @throws ParagradError `schema_mismatch`: which file, which column, expected and got
 */
export function checkSchema(
  expected: readonly Column[],
  expectedIn: string,
  got: readonly Column[],
  gotIn: string,
): void {
  const refuse = (what: string) =>
    new ParagradError('schema_mismatch', what, {
      hint: 'Files of one table have the same columns; leave this one out.',
    });
  const types = new Map(got.map(({ name, type }) => [name, type]));
  for (const { name, type } of expected) {
    const found = types.get(name);
    if (found === undefined) throw refuse(`${gotIn} has no column ${show({ name })}, which ${expectedIn} has`);
    if (found === type) continue;
    throw refuse(`column ${show({ name })} of ${gotIn} holds ${found}, expected ${type} as in ${expectedIn}`);
  }
  const names = new Set(expected.map(({ name }) => name));
  const more = got.find(({ name }) => !names.has(name));
  if (more) throw refuse(`${gotIn} has a column ${show(more)}, which ${expectedIn} has not`);
}
