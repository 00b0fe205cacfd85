/**
 * The table formats, by name. Each is loaded when a file of its kind is opened: worker threads and runs on Arrow files
 * never load DuckDB, and nobody loads what he does not read.
 */
import type { Format } from './format.js';

export const FORMATS = {
  parquet: {
    label: 'Parquet',
    extensions: ['.parquet'],
    open: async (location, options) => (await import('./parquet.js')).openParquet(location, options),
  },
  arrow: {
    label: 'Arrow IPC',
    extensions: ['.arrow', '.feather'],
    open: async (location) => (await import('./arrow.js')).openArrow(location),
  },
} satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;
