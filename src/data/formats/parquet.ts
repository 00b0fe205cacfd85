/**
 * Parquet through DuckDB, in the coordinator.
 *
 * Columns are addressed by position (`c0`, `c1` …), never by name, so a column may be called anything. SQL does the
 * conversions, in DuckDB's threads: numbers become DOUBLE with NaN for null, and categories whose values are known become
 * codes of a temporary ENUM with -1 for null; so a chunk is typed arrays to copy, with no validity to look at. Categories
 * of unknown values come as strings, which costs a microsecond each.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api';
import { invariant, ParagradError } from '../../errors.js';
import { DuckDB, decodeText, doubles, integers, quoteLiteral, strings } from '../duckdb.js';
import type {
  Block,
  CategoryValues,
  Column,
  ColumnKind,
  NumberValues,
  ReadRequest,
  RowBatch,
  Table,
} from '../table.js';
import type { OpenOptions } from './format.js';
import { distinctNames } from './schema.js';

const MAGIC = 'PAR1';
/** The magic of a file whose footer is encrypted. */
const ENCRYPTED_MAGIC = 'PARE';
/** Leading magic, length of the footer, trailing magic. */
const SMALLEST = 12;

const NUMBER_TYPES =
  /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL\(.*\)|"NULL")$/;
const CATEGORY_TYPES = /^(VARCHAR|ENUM\(.*\))$/s;
/** Digits of a decimal that DuckDB reads; it takes wider ones for DOUBLE, and gives wrong values (seen in 1.5.6). */
const WIDEST_DECIMAL = 38;
/** Bytes that a thread takes for each compressed byte of its row group (1.2 seen, with what is decoded of it). */
const ROW_GROUP_MEMORY = 1.25;
const BOOLEANS = ['false', 'true'];

/** @throws ParagradError `wrong_format`, `truncated`, `unsupported_file`, `unreadable` */
export async function openParquet(location: string, options: OpenOptions): Promise<Table> {
  const file = await open(location);
  try {
    await checkFraming(file, location);
  } finally {
    await file.close();
  }
  const duckdb = await DuckDB.open({
    threads: options.threads ?? 1,
    memoryBytes: options.memoryBytes,
    subject: location,
  });
  try {
    const path = quoteLiteral(resolve(location));
    const source = `read_parquet(${path}, hive_partitioning = false)`;
    const columns = await readColumns(duckdb, location, path, source, options.signal);
    const blocks = await readBlocks(duckdb, path, options.signal);
    await boundThreads(duckdb, path, options);
    return createTable(duckdb, location, source, columns, blocks);
  } catch (error) {
    await duckdb.close();
    throw error;
  }
}

/** Magic at both ends, and a footer that fits between them: what DuckDB's own messages say less plainly. */
async function checkFraming(file: FileHandle, location: string): Promise<void> {
  const { size } = await file.stat();
  const head = Buffer.alloc(4);
  await file.read(head, 0, 4, 0);
  const magic = head.toString('latin1');
  if (magic === ENCRYPTED_MAGIC) {
    throw new ParagradError('unsupported_file', `${location} is an encrypted Parquet file`, {
      hint: 'Write it unencrypted.',
    });
  }
  if (magic !== MAGIC) {
    throw new ParagradError('wrong_format', `${location} is not a Parquet file`, {
      hint: `A Parquet file begins with ${MAGIC}.`,
    });
  }
  const tail = Buffer.alloc(8);
  await file.read(tail, 0, 8, Math.max(0, size - 8));
  if (size < SMALLEST || tail.toString('latin1', 4) !== MAGIC || tail.readUInt32LE(0) > size - SMALLEST) {
    throw new ParagradError('truncated', `${location} is truncated: the end of the Parquet file is missing`, {
      hint: 'Copy or write it again.',
    });
  }
}

async function readColumns(
  duckdb: DuckDB,
  location: string,
  path: string,
  source: string,
  signal: AbortSignal | undefined,
): Promise<Column[]> {
  // DuckDB's own names are made unique regardless of case ("a", "A_1"): take the names from the file.
  const schema = await duckdb.rows(
    `SELECT name, coalesce(num_children, 0), coalesce(precision, 0), scale FROM parquet_schema(${path})`,
    signal,
  );
  const fields = topLevel(schema);
  const described = await duckdb.rows(`DESCRIBE SELECT * FROM ${source}`, signal);
  invariant(fields.length === described.length, `${location}: the Parquet schema and DuckDB differ in their columns`);
  const columns = described.map((row, i): Column => {
    const [name, , precision, scale] = fields[i];
    const wide = Number(precision) > WIDEST_DECIMAL;
    const type = wide ? `DECIMAL(${precision},${scale})` : String(row[1]);
    return { name: String(name), type, kind: wide ? 'unsupported' : kindOf(type) };
  });
  distinctNames(columns, location);
  return columns;
}

/** The root's children in a schema that lists the tree depth first, with the number of children in second place. */
function topLevel(schema: readonly DuckDBValue[][]): (readonly DuckDBValue[])[] {
  const children: (readonly DuckDBValue[])[] = [];
  const skip = (index: number): number => {
    let next = index + 1;
    for (let child = Number(schema[index][1]); child > 0; child--) next = skip(next);
    return next;
  };
  for (let index = 1; index < schema.length; index = skip(index)) children.push(schema[index]);
  return children;
}

function kindOf(type: string): ColumnKind {
  if (NUMBER_TYPES.test(type)) return 'number';
  if (CATEGORY_TYPES.test(type)) return 'category';
  return type === 'BOOLEAN' ? 'boolean' : 'unsupported';
}

async function readBlocks(duckdb: DuckDB, path: string, signal: AbortSignal | undefined): Promise<Block[]> {
  const groups = await duckdb.rows(
    `SELECT row_group_id, any_value(row_group_num_rows) FROM parquet_metadata(${path}) GROUP BY 1 ORDER BY 1`,
    signal,
  );
  const blocks: Block[] = [];
  let rowStart = 0;
  for (const [, rows] of groups) {
    const rowEnd = rowStart + Number(rows);
    blocks.push({ rowStart, rowEnd });
    rowStart = rowEnd;
  }
  return blocks;
}

/**
 * A thread holds the compressed columns of the row group that it reads, so a file of few large row groups takes much memory
 * for each: no more threads read than there is room for.
 */
async function boundThreads(
  duckdb: DuckDB,
  path: string,
  { threads = 1, memoryBytes, signal }: OpenOptions,
): Promise<void> {
  if (memoryBytes === undefined || threads === 1) return;
  const [[largest]] = await duckdb.rows(
    `SELECT max(bytes) FROM
      (SELECT sum(total_compressed_size) AS bytes FROM parquet_metadata(${path}) GROUP BY row_group_id)`,
    signal,
  );
  const fitting = Math.max(1, Math.floor(memoryBytes / (ROW_GROUP_MEMORY * Number(largest))));
  if (fitting < threads) await duckdb.rows(`SET threads = ${fitting}`, signal);
}

function createTable(
  duckdb: DuckDB,
  location: string,
  source: string,
  columns: readonly Column[],
  blocks: readonly Block[],
): Table {
  const rows = blocks.length === 0 ? 0 : blocks[blocks.length - 1].rowEnd;
  const from = `FROM ${source} AS t(${columns.map((_, i) => `c${i}`).join(', ')})`;
  const positions = new Map(columns.map((column, i) => [column.name, i]));
  const positionOf = (name: string): number => {
    const position = positions.get(name);
    invariant(position !== undefined, `${location} has no column ${JSON.stringify(name)}`);
    return position;
  };

  async function distinct(names: readonly string[], limit: number, signal?: AbortSignal): Promise<string[][]> {
    const lists: string[][] = [];
    for (const name of names) {
      const column = `c${positionOf(name)}`;
      const found = await duckdb.rows(
        `SELECT DISTINCT encode(CAST(${column} AS VARCHAR)) ${from} WHERE ${column} IS NOT NULL LIMIT ${limit + 1}`,
        signal,
      );
      lists.push(found.map(([value]) => decodeText(value)!).sort());
    }
    return lists;
  }

  async function* read(request: ReadRequest): AsyncGenerator<RowBatch, void, undefined> {
    const { signal, rowStart = 0, rowEnd = rows } = request;
    invariant(request.columns.length > 0, 'a read needs at least one column');
    const where =
      rowStart === 0 && rowEnd === rows ? '' : `WHERE file_row_number >= ${rowStart} AND file_row_number < ${rowEnd}`;
    const selected: Selected[] = [];
    const enums: string[] = [];
    try {
      for (const name of request.columns) {
        const position = positionOf(name);
        const values = columns[position].kind === 'category' ? request.values?.get(name) : undefined;
        if (values) enums.push(await duckdb.createEnum(values, signal));
        selected.push(
          select(columns[position].kind, `c${position}`, values && { values, name: enums[enums.length - 1] }),
        );
      }
      const expressions = selected.map(({ expression }) => expression);
      let start = rowStart;
      for await (const chunk of duckdb.chunks(`SELECT ${expressions.join(', ')} ${from} ${where}`, signal)) {
        yield {
          rowStart: start,
          rows: chunk.rowCount,
          columns: selected.map(({ decode }, i) => decode(chunk, i)),
        };
        start += chunk.rowCount;
      }
      if (start !== rowEnd) throw new ParagradError('unreadable', `${location} cannot be read beyond row ${start}`);
    } finally {
      for (const name of enums) await duckdb.dropEnum(name);
    }
  }

  return {
    location,
    format: 'Parquet',
    columns,
    rows,
    blocks,
    decodedBy: 'coordinator',
    read,
    distinct,
    async nulls(names, signal) {
      if (names.length === 0) return [];
      const counts = names.map((name) => `count(*) - count(c${positionOf(name)})`);
      const [row] = await duckdb.rows(`SELECT ${counts.join(', ')} ${from}`, signal);
      return row.map(Number);
    },
    close: () => duckdb.close(),
  };
}

/** What to ask for a column, and how to decode a chunk of the answer. */
interface Selected {
  readonly expression: string;
  readonly decode: (chunk: DuckDBDataChunk, column: number) => NumberValues | CategoryValues;
}

/** @param known the values to look for in a category, and the name of their ENUM type */
function select(
  kind: ColumnKind,
  column: string,
  known: { readonly values: readonly string[]; readonly name: string } | undefined,
): Selected {
  if (kind === 'number') {
    return {
      expression: `coalesce(CAST(${column} AS DOUBLE), 'nan'::DOUBLE)`,
      decode: (chunk, i) => ({ kind: 'number', values: doubles(chunk, i) }),
    };
  }
  invariant(kind !== 'unsupported', 'an unsupported column cannot be read');
  if (kind === 'category' && known === undefined) {
    return { expression: `encode(CAST(${column} AS VARCHAR))`, decode: strings };
  }
  const dictionary = known?.values ?? BOOLEANS;
  const code = known ? `enum_code(TRY_CAST(${column} AS ${known.name}))` : column;
  return {
    expression: `coalesce(CAST(${code} AS INTEGER), -1)`,
    decode: (chunk, i) => ({ kind: 'category', codes: integers(chunk, i), dictionary }),
  };
}
