/**
 * CSV and TSV: text with a header line. What a column holds is told from its first rows, and where a later row contradicts
 * them, from all rows. A field that is empty is missing; one that is quoted and empty is an empty string, or missing in a
 * column of anything but strings.
 */
import { open } from 'node:fs/promises';
import { ParagradError } from '../../errors.js';
import { quoteLiteral, quoteName } from '../duckdb.js';
import type { ColumnKind, Table, TableFile, TableSource } from '../table.js';
import { type Conversion, openConverted } from './convert.js';
import { findSpelt } from './csv-numbers.js';
import type { OpenOptions } from './format.js';
import { explained, pathList, plainFiles } from './text.js';

/** What may stand between fields; a header decides by the one it has most of. */
const DELIMITERS = [',', ';', '\t', '|'];
/** Bytes of a header that are looked at. */
const HEADER_BYTES = 1 << 20;

/** @throws ParagradError `schema_mismatch`, `unreadable`, `truncated`, `disk_full` */
export async function openCsv(source: TableSource, options: OpenOptions): Promise<Table> {
  let notes: readonly string[] = [];
  const table = await openConverted(source, 'CSV', options, async (conversion) => {
    const paths = await plainFiles(source.files, conversion);
    const files: CsvFile[] = [];
    for (const [i, file] of source.files.entries()) files.push(await describeFile(file, paths[i], conversion));
    checkHeaders(files);
    const converted = await convert(files, '', source.location, options.kinds, conversion).catch((error: unknown) => {
      if (!(error instanceof ParagradError) || error.code !== 'unreadable') throw error;
      return convert(files, ', sample_size = -1', source.location, options.kinds, conversion);
    });
    notes = converted.notes;
    return converted.files;
  });
  return { ...table, notes };
}

interface CsvFile {
  readonly file: TableFile;
  /** Where its text is. */
  readonly path: string;
  /** Options of `read_csv`, the same for all files. */
  readonly dialect: string;
  readonly delimiter: string;
  readonly names: readonly string[];
}

async function describeFile(file: TableFile, path: string, { duckdb, signal }: Conversion): Promise<CsvFile> {
  const header = await readHeader(path, file.name);
  const delimiter = delimiterOf(header);
  const dialect = `hive_partitioning = false, header = true, delim = ${quoteLiteral(delimiter)}, quote = '"', escape = '"', comment = '', skip = 0`;
  const source = `read_csv(${quoteLiteral(path)}, ${dialect}, all_varchar = true`;
  const columns = await duckdb.rows(`DESCRIBE SELECT * FROM ${source})`, signal).catch(async (error: unknown) => {
    // Where no line fits, DuckDB lists what it tried. Told how many fields there are, it says which line has others.
    const fields = fieldsOf(header, delimiter).map((_, i) => `c${i}: 'VARCHAR'`);
    const told = `${source}, auto_detect = false, columns = {${fields.join(', ')}})`;
    await duckdb.rows(`SELECT count(COLUMNS(*)) FROM ${told}`, signal).catch((found: unknown) => {
      throw explained(found, file.name);
    });
    throw explained(error, file.name);
  });
  return { file, path, dialect, delimiter, names: columns.map(([name]) => String(name)) };
}

async function readHeader(path: string, name: string): Promise<string> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(bytes, 0, HEADER_BYTES, 0);
    const [line] = bytes.toString('utf8', 0, bytesRead).split(/\r?\n|\r/, 1);
    if (line.trim() !== '') return line;
    throw new ParagradError('wrong_format', `${name} does not begin with the names of its columns`, {
      hint: 'The first line of a CSV file names its columns.',
    });
  } finally {
    await file.close();
  }
}

/** The delimiter that a header has most of; a comma where it has none. */
function delimiterOf(header: string): string {
  const counts = DELIMITERS.map((delimiter) => fieldsOf(header, delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

/** The fields of a line, those in quotes left empty. */
function fieldsOf(line: string, delimiter: string): string[] {
  return line.replace(/"(?:[^"]|"")*"/g, '').split(delimiter);
}

function checkHeaders([first, ...others]: readonly CsvFile[]): void {
  for (const { file, names, dialect } of others) {
    const missing = first.names.find((name) => !names.includes(name));
    const more = names.find((name) => !first.names.includes(name));
    if (missing === undefined && more === undefined && dialect === first.dialect) continue;
    let what = `has its fields apart by other characters than ${first.file.name}`;
    if (missing !== undefined) what = `has no column ${JSON.stringify(missing)}, which ${first.file.name} has`;
    else if (more !== undefined) what = `has a column ${JSON.stringify(more)}, which ${first.file.name} has not`;
    throw new ParagradError('schema_mismatch', `${file.name} ${what}`, {
      hint: 'Files of one table have the same columns; leave this one out.',
    });
  }
}

/** The SQL type of a column without a value. */
function typeOfEmpty(kind: ColumnKind | undefined): string | null {
  return kind === 'number' ? 'DOUBLE' : kind === 'time' ? 'TIMESTAMP' : kind === 'clock' ? 'TIME' : null;
}

interface Converted {
  readonly files: readonly TableFile[];
  readonly notes: readonly string[];
}

/** @param sampling options of `read_csv` that say how many rows decide the types */
async function convert(
  files: readonly CsvFile[],
  sampling: string,
  location: string,
  kinds: OpenOptions['kinds'],
  conversion: Conversion,
): Promise<Converted> {
  const strict = await columnTypes(files, `allow_quoted_nulls = false${sampling}`, conversion);
  const lenient = await columnTypes(files, `allow_quoted_nulls = true${sampling}`, conversion);
  const texts = new Map<string, string | null>();
  for (const name of files[0].names) {
    const kind = kinds?.get(name);
    if (kind === 'category' && lenient.get(name) !== 'BOOLEAN') {
      for (const types of [strict, lenient]) types.set(name, 'VARCHAR');
    } else if (lenient.get(name) === 'VARCHAR') {
      texts.set(name, typeOfEmpty(kind));
    }
  }
  const spelt = await findSpelt(allText(files), texts, files[0].delimiter, location, (sql) =>
    conversion.duckdb.rows(sql, conversion.signal),
  );
  const converted: TableFile[] = [];
  for (const { file, path, dialect, names } of files) {
    const types = names.map((name) => `${quoteLiteral(name)}: ${quoteLiteral(strict.get(name)!)}`).join(', ');
    const columns = names.map((name, i) => {
      const type = lenient.get(name)!;
      const value = type === strict.get(name) ? `c${i}` : `CAST(nullif(c${i}, '') AS ${type})`;
      return `${spelt.readers.get(name)?.(`c${i}`) ?? value} AS ${quoteName(name)}`;
    });
    const text = `read_csv(${quoteLiteral(path)}, ${dialect}, allow_quoted_nulls = false, types = {${types}})`;
    const query = `SELECT ${columns.join(', ')} FROM ${text} AS t(${names.map((_, i) => `c${i}`).join(', ')})`;
    try {
      converted.push(await conversion.write(query, file.name));
    } catch (error) {
      throw explained(error, file.name);
    }
  }
  return { files: converted, notes: spelt.notes };
}

/** All files, every column as text. */
function allText(files: readonly CsvFile[]): string {
  const paths = pathList(files.map(({ path }) => path));
  return `read_csv(${paths}, ${files[0].dialect}, union_by_name = true, all_varchar = true, allow_quoted_nulls = false)`;
}

/** The types of the columns over all files, by name. */
async function columnTypes(
  files: readonly CsvFile[],
  options: string,
  { duckdb, signal }: Conversion,
): Promise<Map<string, string>> {
  const paths = pathList(files.map(({ path }) => path));
  const [{ dialect, file }] = files;
  const query = `DESCRIBE SELECT * FROM read_csv(${paths}, ${dialect}, union_by_name = true, ${options})`;
  const rows = await duckdb.rows(query, signal).catch((error: unknown) => {
    throw explained(error, files.length === 1 ? file.name : `one of ${files.length} files`);
  });
  return new Map(rows.map(([name, type]) => [String(name), String(type)]));
}
