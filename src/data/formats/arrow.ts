/**
 * Arrow IPC files and streams: one record batch in memory at a time, read from its place in the file, and decoded by
 * whoever asks; in a run, by the workers, each with the file open on its own. Messages are parsed by apache-arrow.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Data } from 'apache-arrow/data';
import { invariant, ParagradError } from '../../errors.js';
import { type CodeStrings, createStringCoder } from '../../kernels/strings.js';
import { createDistinctValues } from '../distinct.js';
import { checkInterrupt, interrupted } from '../interrupt.js';
import { checkStamp } from '../stamp.js';
import type {
  Block,
  CategoryValues,
  Column,
  NumberValues,
  ReadRequest,
  RowBatch,
  Table,
  TableFile,
  TableSource,
} from '../table.js';
import { type BatchReader, createBatchReader } from './arrow-batches.js';
import { type ArrowIndex, readArrowIndex } from './arrow-index.js';
import { decodeCategory, decodeNumbers, kindOf } from './arrow-values.js';
import { decodeVectors, fixedLength, isVector, listLengths } from './arrow-vectors.js';
import type { OpenOptions } from './format.js';
import { distinctNames, remedyFor, vectorColumns } from './schema.js';
import { createScratch, type Scratch } from './scratch.js';

/** Rows decoded at once, so that a huge record batch does not become as many float64 columns. */
const BATCH_ROWS = 16384;

/**
 * Opens one file.
 *
 * @param source with one file
 * @throws ParagradError `wrong_format`, `truncated`, `unsupported_file`, `unreadable`, `duplicate_column`
 */
export async function openArrow(source: TableSource, { signal }: OpenOptions): Promise<Table> {
  const [stamped] = source.files;
  const file = await open(stamped.path);
  try {
    return await reporting(stamped.name, async () => {
      const index = await readArrowIndex(file, stamped.name);
      const readBatch = createBatchReader(file, index);
      const vectors = source.vectors ?? (await findVectors(index, readBatch, stamped.name, signal));
      const columns = describeColumns(index, vectors);
      distinctNames(
        columns.map(({ column }) => column),
        stamped.name,
      );
      return createTable({ ...source, vectors }, stamped, file, index, columns, readBatch);
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What is thrown at bytes that make no sense, as one line about the file. */
async function reporting<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

function unreadable(name: string, cause: unknown): ParagradError {
  if (cause instanceof ParagradError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ParagradError('unreadable', `${name} cannot be read: ${reason}`, { cause });
}

/** A column of the table, and where in a record batch it comes from. */
interface Located {
  readonly column: Column;
  readonly position: number;
  /** Of an element of a vector: which, of how many. */
  readonly element: number;
  readonly elements: number;
}

function describeColumns({ schema }: ArrowIndex, vectors: Readonly<Record<string, number>>): Located[] {
  return schema.fields.flatMap(({ name, type }, position): Located[] => {
    const text = String(type);
    const length = isVector(type) ? vectors[name] : undefined;
    if (length !== undefined) {
      return vectorColumns(name, text, length).map((column, element) => ({
        column,
        position,
        element,
        elements: length,
      }));
    }
    const kind = kindOf(type);
    const column = { name, type: text, kind, ...(kind === 'unsupported' && { remedy: remedyFor(name, text) }) };
    return [{ column, position, element: 0, elements: 0 }];
  });
}

/** The length of each column of lists whose lists all have the same. */
async function findVectors(
  { schema, batches }: ArrowIndex,
  readBatch: BatchReader,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, number>> {
  const vectors: Record<string, number> = {};
  const open = new Map<number, { min: number; max: number }>();
  for (const [position, { name, type }] of schema.fields.entries()) {
    const length = fixedLength(type);
    if (!isVector(type)) continue;
    if (length !== null) vectors[name] = length;
    else open.set(position, { min: Number.POSITIVE_INFINITY, max: 0 });
  }
  for (let batch = 0; open.size > 0 && batch < batches.length; batch++) {
    checkInterrupt(signal, name);
    const columns = await readBatch(batch, new Set(open.keys()));
    for (const [position, lengths] of open) open.set(position, listLengths(columns[position]!, lengths));
  }
  for (const [position, { min, max }] of open) if (min === max) vectors[schema.fields[position].name] = min;
  return vectors;
}

function createTable(
  source: TableSource,
  stamped: TableFile,
  file: FileHandle,
  { kind, batches }: ArrowIndex,
  located: readonly Located[],
  readBatch: BatchReader,
): Table {
  const { name } = stamped;
  const blocks: Block[] = [];
  let rows = 0;
  for (const { header } of batches) {
    blocks.push({ rowStart: rows, rowEnd: rows + header.length });
    rows += header.length;
  }
  const byName = new Map(located.map((entry) => [entry.column.name, entry]));
  const find = (column: string): Located => {
    const found = byName.get(column);
    invariant(found !== undefined, `${name} has no column ${JSON.stringify(column)}`);
    return found;
  };
  const scratch = createScratch();
  let closed = false;

  async function* read(request: ReadRequest): AsyncGenerator<RowBatch, void, undefined> {
    const { rowStart = 0, rowEnd = rows, addon = null, signal } = request;
    const codeStrings = createStringCoder(addon);
    const chosen = request.columns.map(find);
    const wanted = new Set(chosen.map(({ position }) => position));
    await checkStamp(stamped);
    for (const [index, block] of blocks.entries()) {
      const first = Math.max(rowStart, block.rowStart);
      const last = Math.min(rowEnd, block.rowEnd);
      if (first >= last) continue;
      if (closed) throw interrupted(name);
      checkInterrupt(signal, name);
      const data = await reporting(name, () => readBatch(index, wanted)).catch((error: unknown) => {
        throw closed ? interrupted(name) : error;
      });
      for (let start = first; start < last; start += BATCH_ROWS) {
        checkInterrupt(signal, name);
        const end = Math.min(last, start + BATCH_ROWS);
        const [from, to] = [start - block.rowStart, end - block.rowStart];
        let columns: RowBatch['columns'];
        try {
          columns = decodeColumns(data, chosen, from, to, scratch, codeStrings);
        } catch (cause) {
          throw unreadable(name, cause);
        }
        yield { rowStart: start, rows: end - start, columns };
      }
    }
  }

  return {
    location: source.location,
    format: kind === 'file' ? 'Arrow IPC' : 'Arrow IPC stream',
    source,
    files: [{ ...stamped, rowStart: 0, rowEnd: rows }],
    notes: [],
    columns: located.map(({ column }) => column),
    rows,
    blocks,
    decodedBy: 'workers',
    read,
    async distinct(names, limit, signal) {
      const found = names.map(() => createDistinctValues(limit));
      for await (const batch of read({ columns: names, signal })) {
        for (const [i, values] of batch.columns.entries()) {
          if (values.kind === 'category') found[i].add(values);
        }
      }
      return found.map((values) => values.sorted());
    },
    countNumbers: async () => null,
    async nulls(names) {
      const positions = names.map((name) => find(name).position);
      return positions.map((i) => batches.reduce((sum, { nullCounts }) => sum + nullCounts[i], 0));
    },
    async close() {
      if (closed) return;
      closed = true;
      await file.close();
    },
  };
}

/** Rows from .. to (exclusive) of a record batch; a column of vectors is decoded once, however many of its elements are asked for. */
function decodeColumns(
  data: readonly (Data | null)[],
  chosen: readonly Located[],
  from: number,
  to: number,
  scratch: Scratch,
  codeStrings: CodeStrings | null,
): (NumberValues | CategoryValues)[] {
  scratch.restart();
  const vectors = new Map<number, Float64Array[]>();
  return chosen.map(({ column, position, element, elements }) => {
    const values = data[position]!;
    if (column.vector !== undefined) {
      const decoded = vectors.get(position) ?? decodeVectors(values, elements, from, to, scratch);
      vectors.set(position, decoded);
      return { kind: 'number', values: decoded[element] };
    }
    const isCategory = column.kind === 'category' || column.kind === 'boolean';
    return isCategory
      ? decodeCategory(values, from, to, scratch, codeStrings)
      : decodeNumbers(values, from, to, scratch);
  });
}
