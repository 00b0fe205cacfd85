/**
 * Predictions for a raw table, window by window, so that a table of any length takes the memory of one window. What comes
 * out are named columns: the prediction, for classes their probabilities, and what was asked to be kept of the table.
 */
import { availableParallelism } from 'node:os';
import { kindsTaken } from '../data/columns.js';
import { loadForModel } from '../data/load.js';
import { type DataSource, openTable, type TableRequest } from '../data/open.js';
import type { KernelName } from '../kernels/kernels.js';
import { splitColumnNames } from './columns.js';
import { keptColumn, readKept } from './kept-columns.js';
import { loadModel, type Model } from './model.js';
import { computeOutputs } from './model-outputs.js';
import type { OutputColumn } from './output-column.js';
import { openPredictor, type PredictorOptions } from './predictor.js';
import { resultColumns, resultNames } from './result-columns.js';

/** Rows that are read, predicted and handed out at once. */
const WINDOW_ROWS = 65_536;

export interface MachineOptions {
  /** Default auto: one per core. */
  readonly workers?: number | 'auto' | undefined;
  /** Default auto. */
  readonly kernels?: 'auto' | KernelName | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with each thing to know of how the table came about, one line, once it is open. */
  readonly onNote?: ((note: string) => void) | undefined;
}

export interface PredictOptions extends MachineOptions {
  /** Columns of the table to hand through; a comma separates names where no column bears the whole. */
  readonly keep?: readonly string[] | undefined;
}

/** Consecutive rows; the same columns in every window of a table. */
export interface PredictedRows {
  readonly rowStart: number;
  readonly rows: number;
  /** Rows of the whole table. */
  readonly totalRows: number;
  readonly columns: readonly OutputColumn[];
}

/**
 * Predicts every row of a table, in order.
 *
 * @param model a loaded model, or the path of one or of its run directory
 * @param data files, an Arrow table, or a query; it needs the feature columns, in any order, and may have others
 * @throws ParagradError for what is wrong with model or data, `column_clash` when a kept column has the name of a result
 *
 * @example
 * for await (const { columns } of predict('runs/houses-1', 'new.parquet')) console.log(columns[0].values);
 */
export async function* predict(
  model: Model | string,
  data: DataSource | TableRequest,
  options: PredictOptions = {},
): AsyncGenerator<PredictedRows, void, undefined> {
  const { signal } = options;
  const loaded = typeof model === 'string' ? await loadModel(model) : model;
  const { description } = loaded;
  const taken = resultNames(description);
  const table = await openTable(data, {
    threads: threadsOf(options),
    kinds: kindsTaken(description.members[0].preprocessing),
    signal,
  });
  try {
    if (options.onNote) table.notes.forEach(options.onNote);
    const keep = splitColumnNames(options.keep, table.columns) ?? [];
    const kept = keep.map((name) => keptColumn(table, name, taken));
    const predictor = openPredictor(loaded, predictorOptions(options));
    try {
      for (let rowStart = 0; rowStart < table.rows; rowStart += WINDOW_ROWS) {
        const rowEnd = Math.min(rowStart + WINDOW_ROWS, table.rows);
        const { execute, forward } = predictor;
        const part = { table, withTarget: false, rowStart, rowEnd, execute, signal };
        const { outputs } = await computeOutputs(description, forward, (preprocessing) =>
          loadForModel({ ...part, preprocessing }),
        );
        const results = resultColumns(outputs, description);
        const columns = [...results, ...(await readKept(table, kept, rowStart, rowEnd, signal))];
        yield { rowStart, rows: rowEnd - rowStart, totalRows: table.rows, columns };
      }
    } finally {
      await predictor.close();
    }
  } finally {
    await table.close();
  }
}

/** Threads that a table may be read by. */
export function threadsOf({ workers = 'auto' }: MachineOptions): number {
  return workers === 'auto' ? availableParallelism() : workers;
}

export function predictorOptions({ workers = 'auto', kernels = 'auto', signal }: MachineOptions): PredictorOptions {
  return { ...(workers === 'auto' ? {} : { workers }), kernels, signal };
}
