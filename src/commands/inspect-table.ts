/** What `paragrad inspect` says of a table: schema and statistics. */
import { COUNTED_DISTINCT, type ColumnDescription, type TableDescription } from '../data/inspect.js';
import { formatNumber, formatTable, formatTime, plural } from './format.js';

/** A table as the one line of --json. */
export function tableEvent({ location, ...description }: TableDescription): object {
  return { type: 'done', kind: 'table', path: location, ...description };
}

/** A table as text for people. */
export function tableText({ location, format, rows, blocks, columns }: TableDescription): string {
  const header = ['column', 'type', 'read as', 'missing', 'distinct', 'min', 'mean', 'max', ''];
  const summary = `${location}: ${format}, ${plural(rows, 'row')} in ${plural(blocks, 'block')}`;
  return `${summary}\n\n${formatTable([header, ...columns.map(columnCells)])}`;
}

function columnCells({ name, type, kind, nulls, distinct, numbers }: ColumnDescription): string[] {
  const range = numbers?.range;
  const missing = String(nulls + (numbers?.nans ?? 0));
  const values = kind === 'unsupported' ? '' : distinct === null ? `> ${COUNTED_DISTINCT}` : String(distinct);
  const format = kind === 'time' ? formatTime : formatNumber;
  const statistics = range ? [range.min, range.mean, range.max].map(format) : ['', '', ''];
  const notes: string[] = [];
  if (numbers !== null && numbers.nans > 0) notes.push(`${numbers.nans} of the missing are NaN`);
  if (numbers !== null && numbers.infinite > 0) notes.push(`${numbers.infinite} infinite`);
  return [name, type, kind, missing, values, ...statistics, notes.join(', ')];
}
