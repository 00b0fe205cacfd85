/** CSV as RFC 4180 has it, UTF-8, with a header. A missing value is an empty field; an empty string is a quoted one. */
import { open } from 'node:fs/promises';
import type { OutputColumn } from '../../train/output-column.js';
import type { PredictedRows } from '../../train/predict.js';

export async function writeCsv(path: string, windows: AsyncIterable<PredictedRows>): Promise<void> {
  const file = await open(path, 'w');
  try {
    let isFirst = true;
    for await (const { rows, columns } of windows) {
      if (isFirst) await file.appendFile(`${columns.map(({ name }) => quote(name)).join(',')}\n`);
      isFirst = false;
      await file.appendFile(csvRows(rows, columns));
    }
  } finally {
    await file.close();
  }
}

function csvRows(rows: number, columns: readonly OutputColumn[]): string {
  const lines: string[] = [];
  for (let r = 0; r < rows; r++) lines.push(columns.map(({ values }) => field(values[r])).join(','));
  return `${lines.join('\n')}\n`;
}

function field(value: number | string | boolean | null): string {
  if (value === null || Number.isNaN(value)) return '';
  return typeof value === 'string' ? quote(value) : String(value);
}

function quote(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
