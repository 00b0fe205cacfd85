/**
 * Columns of a CSV file that are numbers or times to a person and text to DuckDB: some fields say that a value is missing (`NA`,
 * `?`), numbers have a comma for the decimal point, thousands set apart, or a currency or percent sign. A column is read as what it
 * is when every one of its values fits; one value that does not, and it stays text. The marks are those of pandas' `read_csv`, with
 * `?` of the UCI tables, the dashes of statistical offices and the errors of spreadsheets; words that may be a category (none,
 * missing, unknown) are not among them.
 */
import { quoteLiteral, quoteName } from '../duckdb.js';
import { listSome } from '../names.js';

const MISSING = [
  ...['na', 'n/a', '#n/a', '#n/a n/a', '#na', '<na>', 'null', '?', '-', '--', '.'],
  ...['#null!', '#div/0!', '#value!', '#ref!', '#name?', '#num!'],
];
/** Rows that tell which columns are worth looking at as a whole. */
const FIRST_ROWS = 1000;
/** Columns that a note lists. */
const LISTED = 5;
const SIGN = '[$€£¥%]';

/** How a column's values are spelt. */
interface Spelling {
  /** SQL: whether a trimmed value that is not missing is spelt so. */
  readonly fits: (value: string) => string;
  /** SQL: the value. */
  readonly read: (value: string) => string;
  /** Whether it is plain, and worth reading only where marks of missing values stood in the way. */
  readonly isPlain: boolean;
  /** What a person is told. */
  readonly told: string;
}

/** @param pattern that values have too: DuckDB rounds to whole numbers, and to days */
const cast = (type: string, pattern: string): Spelling => ({
  fits: (value) => `regexp_full_match(${value}, '${pattern}') AND TRY_CAST(${value} AS ${type}) IS NOT NULL`,
  read: (value) => `CAST(${value} AS ${type})`,
  isPlain: true,
  told: '',
});

function grouped(point: string, separator: string, told: string): Spelling {
  const [p, s] = [point, separator].map((character) => (character === '.' ? '\\.' : character));
  const digits = `([0-9]{1,3}(${s}[0-9]{3})+|[0-9]+)(${p}[0-9]+)?`;
  const pattern = `[+-]?${SIGN}?\\s*[+-]?${digits}\\s*${SIGN}?`;
  const bare = (value: string): string => `regexp_replace(${value}, '${SIGN}|\\s', '', 'g')`;
  return {
    fits: (value) => `regexp_full_match(${value}, '${pattern}')`,
    read: (value) => `CAST(replace(replace(${bare(value)}, '${separator}', ''), '${point}', '.') AS DOUBLE)`,
    isPlain: false,
    told,
  };
}

const PLAIN = [
  cast('BIGINT', '[+-]?[0-9]+'),
  cast('DOUBLE', '.*'),
  cast('DATE', '[0-9]{4}-[0-9]{2}-[0-9]{2}'),
  cast('TIMESTAMP', '.*'),
];
const POINT = grouped('.', ',', 'thousands separators and signs of currency or percent are left out');
const COMMA = grouped(',', '.', 'numbers have a decimal comma');

/** What columns of text are, read as what they mean. */
export interface Spelt {
  /** By column: SQL that reads it from its text. */
  readonly readers: ReadonlyMap<string, (text: string) => string>;
  /** What the user should know. */
  readonly notes: readonly string[];
}

/** Rows as arrays, of a query. */
type Query = (sql: string) => Promise<readonly (readonly unknown[])[]>;

/**
 * Looks for such columns.
 *
 * @param table SQL of a table that has all columns as text
 * @param columns that are text otherwise, with the SQL type of one that turns out to be without a value; null: text
 * @param delimiter between fields: beside a semicolon, `1,234` is 1.234
 * @param location what messages call the table
 */
export async function findSpelt(
  table: string,
  columns: ReadonlyMap<string, string | null>,
  delimiter: string,
  location: string,
  query: Query,
): Promise<Spelt> {
  const spellings = [...PLAIN, ...(delimiter === ';' ? [COMMA, POINT] : [POINT, COMMA])];
  const first = `(SELECT * FROM ${table} LIMIT ${FIRST_ROWS})`;
  const likely = await judge(first, new Map([...columns.keys()].map((name) => [name, spellings])), query);
  const judged = await judge(table, new Map(likely.map(({ name, fitting }) => [name, fitting])), query);
  const found = judged.filter(({ name, isEmpty, missing, fitting: [spelling] }) =>
    isEmpty ? columns.get(name) !== null : !spelling.isPlain || missing > 0,
  );
  const readerOf = ({ name, isEmpty, fitting: [spelling] }: Judged) =>
    isEmpty ? () => `CAST(NULL AS ${columns.get(name)})` : (text: string) => spelling.read(present(text));
  return {
    readers: new Map(found.map((column) => [column.name, readerOf(column)])),
    notes: [...missingNotes(found, location), ...spellingNotes(found, location)],
  };
}

/** A column that is more than text. */
interface Judged {
  readonly name: string;
  /** No value is there but marks of missing ones. */
  readonly isEmpty: boolean;
  /** Never empty. */
  readonly fitting: readonly Spelling[];
  readonly values: number;
  readonly missing: number;
  /** One of the marks of missing values. */
  readonly mark: string;
}

function missingNotes(found: readonly Judged[], location: string): string[] {
  const marked = found.filter(({ missing }) => missing > 0);
  if (marked.length === 0) return [];
  const columns = marked.map(
    ({ name, missing, values, mark }) => `${JSON.stringify(mark)} in ${JSON.stringify(name)} (${missing} of ${values})`,
  );
  return [`${location} has marks that are read as missing values: ${listSome(columns, LISTED)}`];
}

function spellingNotes(found: readonly Judged[], location: string): string[] {
  return [POINT, COMMA].flatMap((spelling) => {
    const columns = found
      .filter(({ isEmpty, fitting }) => !isEmpty && fitting[0] === spelling)
      .map(({ name }) => JSON.stringify(name));
    return columns.length === 0 ? [] : [`${location}: ${spelling.told} in ${listSome(columns, LISTED)}`];
  });
}

/** A value without spaces around it, or NULL for one that says it is missing. */
function present(text: string): string {
  const marks = ['', ...MISSING].map(quoteLiteral).join(', ');
  return `CASE WHEN lower(trim(${text})) IN (${marks}) THEN NULL ELSE trim(${text}) END`;
}

/** Of each column, the spellings that all of its values fit (all of them where it has none); only columns that have one. */
async function judge(
  table: string,
  columns: ReadonlyMap<string, readonly Spelling[]>,
  query: Query,
): Promise<Judged[]> {
  if (columns.size === 0) return [];
  const asked = [...columns].map(([name, spellings]) => {
    const text = quoteName(name);
    const value = present(text);
    const isMark = `${value} IS NULL AND trim(${text}) <> ''`;
    return [
      `count(nullif(${text}, ''))::DOUBLE`,
      `count(${value}) = 0`,
      `count(*) FILTER (${isMark})::DOUBLE`,
      `min(trim(${text})) FILTER (${isMark})`,
      `count(DISTINCT regexp_extract(${value}, '${SIGN}')) FILTER (regexp_matches(${value}, '${SIGN}')) > 1`,
      ...spellings.map(
        ({ fits }) => `coalesce(bool_and(CASE WHEN ${value} IS NOT NULL THEN ${fits(value)} END), true)`,
      ),
    ];
  });
  const [answers] = await query(`SELECT ${asked.flat().join(', ')} FROM ${table}`);
  let at = 0;
  return [...columns].flatMap(([name, spellings]) => {
    const [values, isEmpty, missing, mark, hasSeveralSigns, ...fits] = answers.slice(at, at + 5 + spellings.length);
    at += 5 + spellings.length;
    const fitting = spellings.filter(({ isPlain }, i) => fits[i] === true && (isPlain || !hasSeveralSigns));
    if (fitting.length === 0) return [];
    return [
      {
        name,
        isEmpty: isEmpty === true,
        fitting,
        values: Number(values),
        missing: Number(missing),
        mark: String(mark),
      },
    ];
  });
}
