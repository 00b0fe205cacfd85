/**
 * Predictions for a raw table, window by window, so that a table of any length takes the memory of one window. What comes
 * out are named columns: the prediction, for classes their probabilities, and what was asked to be kept of the table.
 */
import { availableParallelism } from 'node:os';
import { loadForModel } from '../data/load.js';
import { type DataSource, openTable, type TableRequest } from '../data/open.js';
import type { KernelName } from '../kernels/kernels.js';
import { splitColumnNames } from './columns.js';
import type { Outputs } from './ensemble.js';
import { keptColumn, readKept } from './kept-columns.js';
import { mostLikely, probabilities } from './metrics.js';
import { loadModel, type MemberDescription, type Model } from './model.js';
import { computeOutputs, outputWidth } from './model-outputs.js';
import type { OutputColumn } from './output-column.js';
import { openPredictor, type PredictorOptions } from './predictor.js';

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
  const [first] = description.members;
  const table = await openTable(data, { threads: threadsOf(options), signal });
  try {
    if (options.onNote) table.notes.forEach(options.onNote);
    const keep = splitColumnNames(options.keep, table.columns) ?? [];
    const kept = keep.map((name) => keptColumn(table, name, first.preprocessing.target));
    const predictor = openPredictor(loaded, predictorOptions(options));
    try {
      for (let rowStart = 0; rowStart < table.rows; rowStart += WINDOW_ROWS) {
        const rowEnd = Math.min(rowStart + WINDOW_ROWS, table.rows);
        const { execute, forward } = predictor;
        const part = { table, withTarget: false, rowStart, rowEnd, execute, signal };
        const { outputs } = await computeOutputs(description, forward, (preprocessing) =>
          loadForModel({ ...part, preprocessing }),
        );
        const columns = [...resultColumns(outputs, first), ...(await readKept(table, kept, rowStart, rowEnd, signal))];
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

/** The column "prediction", and "probability_<class>" of each class. */
function resultColumns(outputs: Outputs, member: MemberDescription): OutputColumn[] {
  const { target } = member.preprocessing;
  if (target.task === 'regression') {
    return [{ name: 'prediction', type: 'double', values: Float64Array.from(outputs) }];
  }
  const width = outputWidth(member);
  const rows = outputs.length / width;
  const shares = target.classes.map(() => new Float64Array(rows));
  const row = new Float64Array(target.classes.length);
  const winners = new Uint32Array(rows);
  for (let r = 0; r < rows; r++) {
    winners[r] = mostLikely(outputs, r, width);
    probabilities(outputs, r, width, row);
    for (let c = 0; c < shares.length; c++) shares[c][r] = row[c];
  }
  return [
    classColumn(winners, target.classes),
    ...shares.map((values, c) => ({ name: `probability_${target.classes[c]}`, type: 'double' as const, values })),
  ];
}

/** The predicted class of each row, in the type that the target had. */
function classColumn(winners: Uint32Array, classes: readonly (string | number | boolean)[]): OutputColumn {
  const name = 'prediction';
  if (typeof classes[0] === 'number') {
    const type = classes.every(Number.isInteger) ? 'integer' : 'double';
    return { name, type, values: Float64Array.from(winners, (c) => classes[c] as number) };
  }
  if (typeof classes[0] === 'boolean') {
    return { name, type: 'boolean', values: Array.from(winners, (c) => classes[c] as boolean) };
  }
  return { name, type: 'string', values: Array.from(winners, (c) => classes[c] as string) };
}
