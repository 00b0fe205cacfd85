/** `paragrad inspect <data…|model|run-dir>`: what a table holds, or what a model is. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { describeTable } from '../data/inspect.js';
import { openTable } from '../data/open.js';
import { dataSchema } from '../train/config.js';
import { checkData } from '../train/data-options.js';
import { loadModel } from '../train/model.js';
import { parseOptions } from '../train/options.js';
import { isRunDirectory } from '../train/run-directory.js';
import { addConfigOptions, flagOf, pickConfigOptions } from './config-options.js';
import { DATA_KEYS, dataInput } from './data-arguments.js';
import { modelEvent, modelText } from './inspect-model.js';
import { tableEvent, tableText } from './inspect-table.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, type OutputOptions, warn } from './terminal.js';

export function addInspectCommand(program: Command): void {
  const command = program
    .command('inspect')
    .description('show the schema and statistics of a table, or the network, preprocessing and score of a model')
    .argument('[data|model|run-dir...]', 'files, folders or globs of a table, a model.safetensors, or a run directory');
  addConfigOptions(command, DATA_KEYS);
  addOutputOptions(command).action((paths: string[], options: OutputOptions & Record<string, unknown>) =>
    runCommand(options, (context) => runInspect(paths, options, context)),
  );
}

async function runInspect(
  paths: readonly string[],
  options: Readonly<Record<string, unknown>>,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const isModel = paths.length === 1 && (paths[0].endsWith('.safetensors') || (await isRunDirectory(paths[0])));
  if (isModel) {
    const model = await loadModel(paths[0]);
    terminal.emit(modelEvent(model));
    terminal.print(modelText(model));
    return;
  }
  const request = parseOptions(dataSchema, { ...dataInput(paths), ...pickConfigOptions(options, DATA_KEYS) }, flagOf);
  checkData(request, flagOf);
  const table = await openTable(request, { threads: availableParallelism(), signal });
  try {
    const description = await describeTable(table, signal);
    for (const message of table.notes) warn(terminal, { type: 'warning', code: 'data', message });
    terminal.emit(tableEvent(description));
    terminal.print(tableText(description));
  } finally {
    await table.close();
  }
}
