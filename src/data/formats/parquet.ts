/**
 * Parquet through DuckDB, in the coordinator: one file or many, by one engine.
 *
 * Columns are addressed by position (`c0`, `c1` …), never by name, so a column may be called anything. SQL does the
 * conversions, in a thread of DuckDB's; see parquet-columns.ts.
 */
import { invariant, ParagradError } from '../../errors.js';
import { DuckDB } from '../duckdb.js';
import { decodeText } from '../duckdb-chunk.js';
import { checkStamp } from '../stamp.js';
import type { ReadRequest, RowBatch, Table, TableFile, TableSource } from '../table.js';
import type { OpenOptions } from './format.js';
import { countsOf, type ParquetColumn, type Selected, select, wantsEnum } from './parquet-columns.js';
import { checkFraming } from './parquet-framing.js';
import { type ParquetRows, type ParquetSchema, readRows, readSchema } from './parquet-schema.js';

/** Files whose first and last bytes are looked at at once. */
const AT_ONCE = 32;
/** Columns whose distinct values are looked for at once, at most: libuv has four threads for queries. */
const MOST_QUERIES = 4;

/** @throws ParagradError `wrong_format`, `truncated`, `unsupported_file`, `unreadable`, `schema_mismatch` */
export async function openParquet(source: TableSource, options: OpenOptions): Promise<Table> {
  const { threads = 1, memoryBytes, signal } = options;
  const { files, location } = source;
  for (let start = 0; start < files.length; start += AT_ONCE) {
    await Promise.all(files.slice(start, start + AT_ONCE).map(checkFraming));
  }
  // Several threads of one query wait for the one whose rows come first: they read no faster, and take more time and memory.
  const duckdb = await DuckDB.open({ threads: 1, memoryBytes, subject: location });
  try {
    const schema = await readSchema(duckdb, files, source.vectors, signal);
    const rows = await readRows(duckdb, files, signal);
    return createTable(duckdb, source, schema, rows, Math.min(threads, MOST_QUERIES));
  } catch (error) {
    await duckdb.close();
    throw error;
  }
}

function createTable(
  duckdb: DuckDB,
  source: TableSource,
  { columns, from, runs }: ParquetSchema,
  { files, blocks }: ParquetRows,
  queriesAtOnce: number,
): Table {
  const { location, files: tableFiles } = source;
  const rows = files[files.length - 1].rowEnd;
  const byName = new Map(columns.map((entry) => [entry.column.name, entry]));
  const find = (name: string): ParquetColumn => {
    const found = byName.get(name);
    invariant(found !== undefined, `${location} has no column ${JSON.stringify(name)}`);
    return found;
  };
  const checkFiles = async (rowStart: number, rowEnd: number) => {
    for (const file of files) if (file.rowEnd > rowStart && file.rowStart < rowEnd) await checkStamp(file);
  };

  /** Queries for rows rowStart .. rowEnd (exclusive), in order: whole files together, a part of a file on its own. */
  function* queries(rowStart: number, rowEnd: number): Generator<string, void> {
    let whole: TableFile[] = [];
    for (const [i, file] of files.entries()) {
      const first = Math.max(rowStart, file.rowStart) - file.rowStart;
      const last = Math.min(rowEnd, file.rowEnd) - file.rowStart;
      if (first >= last) continue;
      if (first === 0 && last === file.rowEnd - file.rowStart) {
        whole.push(tableFiles[i]);
        continue;
      }
      yield* runs(whole);
      whole = [];
      yield `${from(tableFiles[i])} WHERE file_row_number >= ${first} AND file_row_number < ${last} LIMIT ${last - first}`;
    }
    yield* runs(whole);
  }

  async function* read(request: ReadRequest): AsyncGenerator<RowBatch, void, undefined> {
    const { signal, rowStart = 0, rowEnd = rows } = request;
    invariant(request.columns.length > 0, 'a read needs at least one column');
    await checkFiles(rowStart, rowEnd);
    const selected: Selected[] = [];
    const enums: string[] = [];
    try {
      for (const name of request.columns) {
        const found = find(name);
        const values = found.column.kind === 'category' ? request.values?.get(name) : undefined;
        const enumName = values && wantsEnum(found, values) ? await duckdb.createEnum(values, signal) : null;
        if (enumName !== null) enums.push(enumName);
        selected.push(select(found, values && { values, enumName }));
      }
      const list = selected.map(({ expression }) => expression).join(', ');
      let start = rowStart;
      for (const query of queries(rowStart, rowEnd)) {
        for await (const chunk of duckdb.chunks(`SELECT ${list} ${query}`, signal)) {
          const decoded = selected.map(({ decode }, i) => decode(chunk, i));
          yield { rowStart: start, rows: chunk.rows, columns: decoded };
          start += chunk.rows;
        }
      }
      if (start !== rowEnd) throw new ParagradError('unreadable', `${location} cannot be read beyond row ${start}`);
    } finally {
      for (const name of enums) await duckdb.dropEnum(name);
    }
  }

  return {
    location,
    format: 'Parquet',
    source,
    files,
    notes: [],
    columns: columns.map(({ column }) => column),
    rows,
    blocks,
    decodedBy: 'coordinator',
    read,
    async distinct(names, limit, signal) {
      await checkFiles(0, rows);
      const valuesOf = async (name: string): Promise<string[]> => {
        const { sql } = find(name);
        const found = await duckdb.rows(
          `SELECT encode(CAST(v AS VARCHAR)) FROM
            (SELECT DISTINCT ${sql} AS v ${from()} WHERE ${sql} IS NOT NULL LIMIT ${limit + 1})`,
          signal,
        );
        return found.map(([value]) => decodeText(value)!).sort();
      };
      const lists: string[][] = [];
      for (let start = 0; start < names.length; start += queriesAtOnce) {
        lists.push(...(await Promise.all(names.slice(start, start + queriesAtOnce).map(valuesOf))));
      }
      return lists;
    },
    async countNumbers(name, { rowStart, rowEnd }, signal) {
      await checkFiles(rowStart, rowEnd);
      const counts = countsOf(find(name));
      const sums = [0, 0, 0, 0];
      for (const query of queries(rowStart, rowEnd)) {
        const [row] = await duckdb.rows(`SELECT ${counts} ${query}`, signal);
        for (const [i, count] of row.entries()) sums[i] += Number(count);
      }
      const [negative, others, low, high] = sums;
      return { missing: rowEnd - rowStart - negative - others - low - high, infinite: low + high, negative };
    },
    async nulls(names, signal) {
      if (names.length === 0) return [];
      await checkFiles(0, rows);
      const counts = names.map((name) => `count(*) - count(${find(name).sql})`);
      const [row] = await duckdb.rows(`SELECT ${counts.join(', ')} ${from()}`, signal);
      return row.map(Number);
    },
    close: () => duckdb.close(),
  };
}
