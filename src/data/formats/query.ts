/** The rows of a SQL query over anything that DuckDB reads, as a table. */
import { ParagradError } from '../../errors.js';
import { type DuckDB, quoteLiteral } from '../duckdb.js';
import type { Table } from '../table.js';
import { openConverted } from './convert.js';
import type { OpenOptions } from './format.js';

/** What messages call the table. */
const LOCATION = 'the query';

/** @throws ParagradError `bad_query`, `disk_full` or `interrupted` */
export async function openQuery(sql: string, options: OpenOptions): Promise<Table> {
  const notes: string[] = [];
  const source = { format: 'parquet', location: LOCATION, files: [], partitions: [] };
  const table = await openConverted(source, 'SQL', options, async ({ duckdb, signal, write }) => {
    const ordered = await isOrdered(duckdb, sql, signal);
    if (!ordered) {
      notes.push(
        'the query has no ORDER BY: its rows may come in another order the next time, and then give other weights',
      );
    }
    try {
      return [await write(sql.replace(/[\s;]+$/, ''), LOCATION)];
    } catch (error) {
      throw error instanceof ParagradError && error.code === 'unreadable' ? badQuery(error.cause) : error;
    }
  });
  return { ...table, notes };
}

/** Whether the outermost SELECT has an ORDER BY, as DuckDB's own parser sees it. */
async function isOrdered(duckdb: DuckDB, sql: string, signal: AbortSignal | undefined): Promise<boolean> {
  const [[text]] = await duckdb.rows(`SELECT CAST(json_serialize_sql(${quoteLiteral(sql)}) AS VARCHAR)`, signal);
  const parsed = JSON.parse(String(text)) as ParsedSql;
  if (parsed.error) throw badQuery(new Error(parsed.error_message));
  if (parsed.statements.length !== 1)
    throw badQuery(new Error(`it has ${parsed.statements.length} statements, expected one`));
  return parsed.statements[0].node.modifiers.some(({ type }) => type === 'ORDER_MODIFIER');
}

/** What DuckDB's `json_serialize_sql` gives. */
type ParsedSql =
  | { readonly error: true; readonly error_message: string }
  | {
      readonly error: false;
      readonly statements: readonly { readonly node: { readonly modifiers: readonly { readonly type: string }[] } }[];
    };

function badQuery(cause: unknown): ParagradError {
  const [line] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  return new ParagradError('bad_query', `the query cannot be run: ${line}`, {
    cause,
    hint: "It is one SELECT of DuckDB's SQL; files are named in quotes: SELECT * FROM 'houses.parquet'.",
  });
}
