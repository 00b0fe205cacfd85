/** Columns made of the names of folders: a table with them, beside those that its files hold. */
import { invariant, ParagradError } from '../errors.js';
import { show } from './columns.js';
import type { FoundFile } from './find-files.js';
import type { CategoryValues, Column, FileRows, NumberValues, PartitionColumn, RowBatch, Table } from './table.js';

/**
 * The partition columns of files: numbers where every value is one, else categories.
 *
 * @throws ParagradError `schema_mismatch` where a file lies under other folders than the first
 */
export function partitionColumns(files: readonly FoundFile[]): PartitionColumn[] {
  const [first] = files;
  const names = [...first.partitions.keys()];
  for (const { path, partitions } of files) {
    if ([...partitions.keys()].join('\0') === names.join('\0')) continue;
    const folders = (columns: Iterable<string>) => [...columns].map((name) => `${name}=`).join('/') || 'none';
    throw new ParagradError(
      'schema_mismatch',
      `${path} lies under the partitions ${folders(partitions.keys())}, expected ${folders(names)} as of ${first.path}`,
    );
  }
  return names.map((name) => {
    const values = files.map(({ partitions }) => partitions.get(name) ?? null);
    const isNumber = (value: string | null) => value === null || /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value);
    return { name, kind: values.every(isNumber) ? 'number' : 'category', values };
  });
}

/**
 * A table with its partition columns, after its own.
 *
 * @throws ParagradError `duplicate_column` where its files hold a column of that name
 */
export function withPartitions(table: Table): Table {
  const { partitions } = table.source;
  if (partitions.length === 0) return table;
  const clash = partitions.find(({ name }) => table.columns.some((column) => column.name === name));
  if (clash) {
    throw new ParagradError(
      'duplicate_column',
      `${table.location} has a column ${show(clash)} and folders called ${clash.name}=…`,
      {
        hint: 'Name the files themselves, to go without the folders.',
      },
    );
  }
  const byName = new Map(partitions.map((partition) => [partition.name, partition]));
  const columns = partitions.map(({ name, kind }): Column => ({ name, kind, type: `partition (${kind})` }));

  return {
    ...table,
    columns: [...table.columns, ...columns],
    async *read(request) {
      const stored = request.columns.filter((name) => !byName.has(name));
      // The rows must come from somewhere: a file is read for one of its columns, if for nothing else.
      const asked = stored.length > 0 ? stored : [readableColumn(table)];
      for await (const batch of table.read({ ...request, columns: asked })) {
        yield {
          ...batch,
          columns: request.columns.map((name) => {
            const partition = byName.get(name);
            return partition ? partitionValues(partition, table.files, batch) : batch.columns[stored.indexOf(name)];
          }),
        };
      }
    },
    async distinct(names, limit, signal) {
      const own = await table.distinct(
        names.filter((name) => !byName.has(name)),
        limit,
        signal,
      );
      return names.map((name) => {
        const partition = byName.get(name);
        return partition ? distinctValues(partition, table.files).slice(0, limit + 1) : own.shift()!;
      });
    },
    async countNumbers(name, rows, signal) {
      return byName.has(name) ? null : await table.countNumbers(name, rows, signal);
    },
    async nulls(names, signal) {
      const own = await table.nulls(
        names.filter((name) => !byName.has(name)),
        signal,
      );
      return names.map((name) => {
        const partition = byName.get(name);
        return partition ? nullRows(partition, table.files) : own.shift()!;
      });
    },
  };
}

function readableColumn({ columns, location }: Table): string {
  const found = columns.find(({ kind }) => kind !== 'unsupported');
  invariant(found !== undefined, `${location} has no column that can be read`);
  return found.name;
}

/** The values of the rows of a batch, which may lie in more than one file. */
function partitionValues(
  { kind, values }: PartitionColumn,
  files: readonly FileRows[],
  { rowStart, rows }: RowBatch,
): NumberValues | CategoryValues {
  const dictionary = [...new Set(values.filter((value) => value !== null))];
  const codes = new Int32Array(rows);
  for (const [i, file] of files.entries()) {
    const from = Math.max(0, file.rowStart - rowStart);
    const to = Math.min(rows, file.rowEnd - rowStart);
    const value = values[i];
    if (from < to) codes.fill(value === null ? -1 : dictionary.indexOf(value), from, to);
  }
  if (kind === 'category') return { kind, codes, dictionary };
  const numbers = dictionary.map(Number);
  return { kind, values: Float64Array.from(codes, (code) => (code < 0 ? Number.NaN : numbers[code])) };
}

function distinctValues({ values }: PartitionColumn, files: readonly FileRows[]): string[] {
  const used = values.filter((value, i) => value !== null && files[i].rowEnd > files[i].rowStart);
  return [...new Set(used as string[])].sort();
}

function nullRows({ values }: PartitionColumn, files: readonly FileRows[]): number {
  return files.reduce((sum, { rowStart, rowEnd }, i) => sum + (values[i] === null ? rowEnd - rowStart : 0), 0);
}
