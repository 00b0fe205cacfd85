/** Columns of the table that predictions are written beside: as they stand there, times as text. */
import { findColumn } from '../data/names.js';
import type { CategoryValues, Column, NumberValues, Table } from '../data/table.js';
import { ParagradError } from '../errors.js';
import type { OutputColumn } from './output-column.js';

/**
 * Finds a column to keep.
 *
 * @param taken names that the results have
 * @throws ParagradError `unknown_column`, `unsupported_column`, `column_clash`
 */
export function keptColumn(table: Table, name: string, taken: readonly string[]): Column {
  const column = findColumn(table, name, 'to keep');
  if (column.kind === 'unsupported') {
    throw new ParagradError('unsupported_column', `column "${name}" of ${table.location} is ${column.type}`, {
      hint: 'Only numbers, strings, booleans and times can be kept.',
    });
  }
  if (taken.includes(name)) {
    throw new ParagradError('column_clash', `column "${name}" cannot be kept: a column of the results has its name`, {
      hint: 'Rename it in the table.',
    });
  }
  return column;
}

/** Columns of rows rowStart .. rowEnd (exclusive). */
export async function readKept(
  table: Table,
  kept: readonly Column[],
  rowStart: number,
  rowEnd: number,
  signal: AbortSignal | undefined,
): Promise<OutputColumn[]> {
  if (kept.length === 0) return [];
  const parts: OutputColumn[][] = kept.map(() => []);
  const columns = kept.map(({ name }) => name);
  for await (const batch of table.read({ columns, rowStart, rowEnd, signal })) {
    for (const [i, column] of kept.entries()) parts[i].push(keptValues(column, batch.columns[i], table.location));
  }
  return parts.map(joinColumns);
}

function keptValues(
  { name, type, kind }: Column,
  values: NumberValues | CategoryValues,
  location: string,
): OutputColumn {
  if (values.kind === 'number') {
    const numbers = new Float64Array(values.values);
    if (kind === 'time' || kind === 'clock') return { name, type: 'string', values: timeTexts(kind, type, numbers) };
    if (!/int/i.test(type)) return { name, type: 'double', values: numbers };
    if (numbers.some((value) => Math.abs(value) > Number.MAX_SAFE_INTEGER)) {
      throw new ParagradError('not_exact', `column "${name}" of ${location} holds integers beyond 2^53`, {
        hint: 'They cannot be kept exactly; store them as strings.',
      });
    }
    return { name, type: 'integer', values: numbers };
  }
  const { codes, dictionary } = values;
  if (kind === 'boolean') {
    return {
      name,
      type: 'boolean',
      values: Array.from(codes, (code) => (code < 0 ? null : dictionary[code] === 'true')),
    };
  }
  return { name, type: 'string', values: Array.from(codes, (code) => (code < 0 ? null : dictionary[code])) };
}

/** A date, a time of day, or both in UTC, as ISO 8601 has them, to the microsecond. */
function timeTexts(kind: 'time' | 'clock', type: string, seconds: Float64Array): (string | null)[] {
  const isDate = kind === 'time' && /^date/i.test(type);
  return Array.from(seconds, (value) => {
    if (Number.isNaN(value)) return null;
    const microseconds = Math.round(value * 1e6);
    const milliseconds = Math.floor(microseconds / 1000);
    const [date, clock] = new Date(milliseconds).toISOString().slice(0, -1).split('T');
    if (isDate) return date;
    const [time, thousandths] = clock.split('.');
    const digits = `${thousandths}${String(microseconds - 1000 * milliseconds).padStart(3, '0')}`.replace(/0+$/, '');
    const full = digits === '' ? time : `${time}.${digits}`;
    return kind === 'clock' ? full : `${date}T${full}Z`;
  });
}

function joinColumns(parts: readonly OutputColumn[]): OutputColumn {
  const [first] = parts;
  if (parts.length === 1) return first;
  if (first.type === 'double' || first.type === 'integer') {
    const values = new Float64Array(parts.reduce((rows, part) => rows + part.values.length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part.values as Float64Array, at);
      at += part.values.length;
    }
    return { ...first, values };
  }
  return { ...first, values: parts.flatMap((part) => part.values as (string | null)[]) } as OutputColumn;
}
