/** An Arrow IPC file, one record batch a window. apache-arrow is loaded when one is written. */
import { type FileHandle, open } from 'node:fs/promises';
import type { RecordBatch, Vector } from 'apache-arrow';
import type { OutputColumn } from '../../train/output-column.js';
import type { PredictedRows } from '../../train/predict.js';

type Arrow = typeof import('apache-arrow');

export async function writeArrow(path: string, windows: AsyncIterable<PredictedRows>): Promise<void> {
  const arrow = await import('apache-arrow');
  const file = await open(path, 'w');
  // Not the library's Node stream: destroyed by an error, it leaves a rejection that nobody can handle.
  const writer = new arrow.RecordBatchFileWriter();
  const written = copyBytes(writer, file);
  written.catch(() => undefined); // met below, where it is awaited
  try {
    for await (const { columns } of windows) writer.write(recordBatch(arrow, columns));
  } finally {
    writer.finish();
    await written.finally(() => file.close());
  }
}

async function copyBytes(bytes: AsyncIterable<Uint8Array>, file: FileHandle): Promise<void> {
  for await (const chunk of bytes) await file.appendFile(chunk);
}

function recordBatch(arrow: Arrow, columns: readonly OutputColumn[]): RecordBatch {
  const fields = columns.map(({ name, type }) => new arrow.Field(name, arrowType(arrow, type), true));
  const data = columns.map((column) => arrowVector(arrow, column).data[0]);
  const struct = arrow.makeData({
    type: new arrow.Struct(fields),
    length: columns[0].values.length,
    nullCount: 0,
    children: data,
  });
  return new arrow.RecordBatch(new arrow.Schema(fields), struct);
}

function arrowVector(arrow: Arrow, column: OutputColumn): Vector {
  const { type } = column;
  if (type === 'string') return arrow.vectorFromArray(column.values, new arrow.Utf8());
  if (type === 'boolean') return arrow.vectorFromArray(column.values, new arrow.Bool());
  if (type === 'double' && !column.values.some(Number.isNaN)) return arrow.makeVector(column.values);
  return arrow.vectorFromArray(
    Array.from(column.values, (value) => (Number.isNaN(value) ? null : type === 'integer' ? BigInt(value) : value)),
    arrowType(arrow, type),
  );
}

function arrowType(arrow: Arrow, type: OutputColumn['type']) {
  switch (type) {
    case 'double':
      return new arrow.Float64();
    case 'integer':
      return new arrow.Int64();
    case 'string':
      return new arrow.Utf8();
    case 'boolean':
      return new arrow.Bool();
  }
}
