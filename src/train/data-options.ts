/** The options that say which table is read, the same for training, predicting, evaluating and inspecting. */
import { parse } from 'node:path';
import { z } from 'zod';
import { FORMAT_NAMES } from '../data/formats/index.js';
import { type DataSource, isArrowTable, STANDARD_INPUT_PATH, type TableRequest } from '../data/open.js';
import { ParagradError } from '../errors.js';
import { type NameOf, option, optionalChoice } from './options.js';

const path = z.string().min(1);
type ArrowTable = Extract<DataSource, { readonly numRows: number }>;

export const dataOptions = {
  data: option(
    z.union([path, z.array(path).min(1), z.custom<ArrowTable>(isArrowTable)]).optional(),
    'the table: files, folders or globs, whose rows are read one after the other; - for standard input',
    { group: 'Columns', expected: 'a path, a list of paths, or an Arrow table' },
  ),
  query: option(z.string().min(1).optional(), 'read the rows of this SQL query instead (DuckDB)', {
    group: 'Columns',
    argument: 'SQL',
    expected: 'a SQL query',
  }),
  format: optionalChoice(FORMAT_NAMES, 'format of the files (default: by their names)', 'Columns'),
};

/** Those options with their values. */
export interface DataOptions {
  readonly data?: DataSource | undefined;
  readonly query?: string | undefined;
  readonly format?: TableRequest['format'];
}

/** @throws ParagradError `bad_option` unless there is one table to read */
export function checkData({ data, query }: DataOptions, nameOf: NameOf = (key) => key): void {
  if (data === undefined && query === undefined) {
    throw new ParagradError('bad_option', `missing data: expected ${nameOf('data')} or ${nameOf('query')}`, {
      hint: 'Name a file, a folder or a glob, or - for standard input.',
    });
  }
  if (data !== undefined && query !== undefined) {
    throw new ParagradError('bad_option', `${nameOf('data')} and ${nameOf('query')} both say what to read`, {
      hint: "Name the files in the query: SELECT * FROM 'houses.parquet'.",
    });
  }
}

/** What to call a run on this data, when nobody said: after the first file, without its folder and endings. */
export function defaultRunName({ data, query }: DataOptions): string {
  if (query !== undefined) return 'query';
  const first = Array.isArray(data) ? data[0] : data;
  if (typeof first !== 'string') return 'table';
  if (first === STANDARD_INPUT_PATH) return 'stdin';
  const name = parse(first.replace(/\.gz$/i, '')).name.replace(/[^\p{L}\p{N}._ -]+/gu, '_');
  return /^[._]*$/.test(name) ? 'run' : name;
}

/** The options as words of a command line. */
export function dataWords({ data, query, format }: DataOptions): string {
  if (query !== undefined) return `--query ${shellWord(query)}`;
  const paths = typeof data === 'string' ? [data] : Array.isArray(data) ? data : ['<data>'];
  return [...paths.map(shellWord), ...(format === undefined ? [] : [`--format ${format}`])].join(' ');
}

function shellWord(text: string): string {
  return /^[\w./:<>-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The options as config.json keeps them: an Arrow table in memory cannot be kept. */
export function withoutMemory<T extends DataOptions>(options: T): T {
  return isArrowTable(options.data) ? { ...options, data: undefined } : options;
}
