/**
 * Some rows of a table, as a table: stretches of consecutive rows from all over it, one at a random place of each of as many equal
 * parts. Consecutive rows, because any format reads those at once; from all over, because tables are often sorted. The same rows for
 * the same seed, whatever the format.
 */
import { draw, PURPOSE } from '../random/philox.js';
import { createDistinctValues } from './distinct.js';
import type { FileRows, ReadRequest, RowBatch, Table } from './table.js';

/** Stretches: each costs a read of its own. */
const STRETCHES = 32;

interface Stretch {
  /** Rows of the table, and where they are in the sample; ends exclusive. */
  readonly from: number;
  readonly rowStart: number;
  readonly rowEnd: number;
}

/**
 * `rows` rows of a table; the table itself where it has hardly more.
 *
 * Its messages name rows by their file, as the table's own do. `nulls` are those of the whole table. Closing either closes both.
 */
export function sampleTable(table: Table, rows: number, seed: number): Table {
  if (table.rows < rows + STRETCHES) return table;
  const stretches = chooseStretches(table.rows, rows, seed);

  async function* read(request: ReadRequest): AsyncGenerator<RowBatch, void, undefined> {
    const { rowStart = 0, rowEnd = rows } = request;
    for (const stretch of stretches) {
      const [from, to] = [Math.max(rowStart, stretch.rowStart), Math.min(rowEnd, stretch.rowEnd)];
      if (from >= to) continue;
      const shift = stretch.from - stretch.rowStart;
      for await (const batch of table.read({ ...request, rowStart: from + shift, rowEnd: to + shift })) {
        yield { ...batch, rowStart: batch.rowStart - shift };
      }
    }
  }

  return {
    ...table,
    rows,
    files: stretches.flatMap((stretch) => filesOf(table, stretch)),
    blocks: stretches.map(({ rowStart, rowEnd }) => ({ rowStart, rowEnd })),
    // Workers open files by themselves, and know of no sample.
    decodedBy: 'coordinator',
    read,
    async distinct(names, limit, signal) {
      const found = names.map(() => createDistinctValues(limit));
      if (names.length === 0) return [];
      for await (const batch of read({ columns: names, signal })) {
        for (const [i, values] of batch.columns.entries()) if (values.kind === 'category') found[i].add(values);
      }
      return found.map((values) => values.sorted());
    },
    countNumbers: async () => null,
  };
}

/** One stretch from each of STRETCHES equal parts; their lengths differ by one row at most. */
function chooseStretches(of: number, rows: number, seed: number): Stretch[] {
  const count = Math.min(STRETCHES, rows);
  const words = new Uint32Array(4);
  return Array.from({ length: count }, (_, i) => {
    const at = (k: number, total: number): number => Math.floor((k * total) / count);
    const [rowStart, rowEnd] = [at(i, rows), at(i + 1, rows)];
    const room = at(i + 1, of) - at(i, of) - (rowEnd - rowStart);
    draw(words, seed, PURPOSE.tableSample, 0, i);
    return { from: at(i, of) + (words[0] % (Math.max(0, room) + 1)), rowStart, rowEnd };
  });
}

/** The parts of a stretch by file; `rowStart` is where the file's first row would be, so that a row's number in it comes out right. */
function filesOf({ files }: Table, { from, rowStart, rowEnd }: Stretch): FileRows[] {
  const shift = from - rowStart;
  return files
    .filter((file) => file.rowStart < rowEnd + shift && file.rowEnd > from)
    .map((file) => ({ ...file, rowStart: file.rowStart - shift, rowEnd: Math.min(file.rowEnd - shift, rowEnd) }));
}
