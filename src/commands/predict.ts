/** `paragrad predict <model> <data…> --out FILE`: writes a file of predictions, whole or not at all. */
import type { Command } from 'commander';
import { replaceFile } from '../train/atomic-file.js';
import { machineSchema } from '../train/config.js';
import { checkData } from '../train/data-options.js';
import { loadModel } from '../train/model.js';
import { parseOptions } from '../train/options.js';
import { type PredictedRows, predict } from '../train/predict.js';
import { addConfigOptions, flagOf, pickConfigOptions } from './config-options.js';
import { addDataArgument, DATA_KEYS, dataInput } from './data-arguments.js';
import { formatCount, plural } from './format.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, noteOf, type OutputOptions, type Terminal } from './terminal.js';
import { OUTPUT_EXTENSIONS, writerFor } from './writers/index.js';

const KEYS = [...DATA_KEYS, 'workers', 'kernels'] as const;

type PredictOptions = OutputOptions &
  Readonly<Record<string, unknown>> & { readonly out: string; readonly keep?: readonly string[] };

export function addPredictCommand(program: Command): void {
  const command = program
    .command('predict')
    .description('predict every row of a table')
    .argument('<model>', 'a model.safetensors or a run directory')
    .requiredOption(
      '--out <FILE>',
      `where to write the predictions: a file that ends in ${OUTPUT_EXTENSIONS.join(', ')}`,
    )
    .option('--keep <COL>', 'column to copy from the table (may be repeated)', collect);
  addDataArgument(command);
  addConfigOptions(command, KEYS);
  addOutputOptions(command).action((model: string, data: string[], options: PredictOptions) =>
    runCommand(options, (context) => runPredict(model, data, options, context)),
  );
}

async function runPredict(
  path: string,
  data: readonly string[],
  options: PredictOptions,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const resolved = parseOptions(machineSchema, { ...dataInput(data), ...pickConfigOptions(options, KEYS) }, flagOf);
  checkData(resolved, flagOf);
  const { out, keep } = options;
  const write = writerFor(out);
  const model = await loadModel(path);
  let rows = 0;
  await replaceFile(out, async (temporary) => {
    const counted = countRows(
      predict(model, resolved, { ...resolved, keep, signal, onNote: noteOf(terminal) }),
      terminal,
      (count) => {
        rows = count;
      },
    );
    await write(temporary, counted, signal);
    signal.throwIfAborted();
  });
  terminal.emit({ type: 'done', rows, out });
  terminal.print(`${plural(rows, 'prediction')} in ${out}`);
}

/** Passes windows on; shows how many rows there were so far. */
async function* countRows(
  windows: AsyncIterable<PredictedRows>,
  terminal: Terminal,
  onRows: (count: number) => void,
): AsyncGenerator<PredictedRows> {
  const redraw = terminal.interactive && !terminal.quiet;
  try {
    for await (const window of windows) {
      const count = window.rowStart + window.rows;
      onRows(count);
      if (redraw) terminal.draw(`\r${formatCount(count)} of ${formatCount(window.totalRows)} rows `);
      yield window;
    }
  } finally {
    if (redraw) terminal.draw('\r\u001b[2K');
  }
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
