/**
 * The table formats, by name. Each is loaded when a file of its kind is opened: worker threads and runs on Arrow files
 * never load DuckDB, and nobody loads what he does not read.
 */
import type { Format } from './format.js';

export const FORMATS = {
  parquet: {
    label: 'Parquet',
    extensions: ['.parquet'],
    open: async (source, options) => (await import('./parquet.js')).openParquet(source, options),
  },
  arrow: {
    label: 'Arrow IPC',
    extensions: ['.arrow', '.feather', '.arrows', '.ipc'],
    open: async (source, options) => (await import('./arrow-files.js')).openArrowFiles(source, options),
  },
  csv: {
    label: 'CSV',
    extensions: ['.csv', '.tsv', '.csv.gz', '.tsv.gz'],
    open: async (source, options) => (await import('./csv.js')).openCsv(source, options),
  },
  json: {
    label: 'JSON',
    extensions: ['.json', '.jsonl', '.ndjson', '.json.gz', '.jsonl.gz', '.ndjson.gz'],
    open: async (source, options) => (await import('./json.js')).openJson(source, options),
  },
} satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;

export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];
