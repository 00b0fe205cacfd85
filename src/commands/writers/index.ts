/** What predictions can be written as, by file extension. Adding one is a file in this folder and a line here. */
import { ParagradError } from '../../errors.js';
import type { PredictedRows } from '../../train/predict.js';
import { writeArrow } from './arrow.js';
import { writeCsv } from './csv.js';
import { writeParquet } from './parquet.js';

/** Writes windows of rows, of which there is at least one, to a new file. An aborted signal ends it with a rejection. */
export type PredictionWriter = (
  path: string,
  windows: AsyncIterable<PredictedRows>,
  signal?: AbortSignal,
) => Promise<void>;

const WRITERS = {
  '.parquet': writeParquet,
  '.csv': writeCsv,
  '.arrow': writeArrow,
} satisfies Record<string, PredictionWriter>;

export const OUTPUT_EXTENSIONS = Object.keys(WRITERS);

/** @throws ParagradError `bad_option` when the extension says nothing that paragrad writes */
export function writerFor(path: string): PredictionWriter {
  for (const [extension, writer] of Object.entries<PredictionWriter>(WRITERS)) {
    if (path.toLowerCase().endsWith(extension)) return writer;
  }
  throw new ParagradError(
    'bad_option',
    `--out: expected a file name that ends in ${OUTPUT_EXTENSIONS.join(', ')}, got "${path}"`,
  );
}
