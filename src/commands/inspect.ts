/** `paragrad inspect <data|model|run-dir>`: what a table holds, or what a model is. */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { describeTable } from '../data/inspect.js';
import { openTable } from '../data/open.js';
import { loadModel } from '../train/model.js';
import { modelEvent, modelText } from './inspect-model.js';
import { tableEvent, tableText } from './inspect-table.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, type OutputOptions } from './terminal.js';

export function addInspectCommand(program: Command): void {
  const command = program
    .command('inspect')
    .description('show the schema and statistics of a table, or the network, preprocessing and score of a model')
    .argument('<data|model|run-dir>', 'a .parquet or .arrow file, a model.safetensors, or a run directory');
  addOutputOptions(command).action((path: string, options: OutputOptions) =>
    runCommand(options, (context) => runInspect(path, context)),
  );
}

async function runInspect(path: string, { terminal, signal }: CommandContext): Promise<void> {
  if (await isModel(path)) {
    const model = await loadModel(path);
    terminal.emit(modelEvent(model));
    terminal.print(modelText(model));
    return;
  }
  const table = await openTable(path, { threads: availableParallelism(), signal });
  try {
    const description = await describeTable(table, signal);
    terminal.emit(tableEvent(description));
    terminal.print(tableText(description));
  } finally {
    await table.close();
  }
}

/** A folder is a run directory; a file is a model by its extension. */
async function isModel(path: string): Promise<boolean> {
  if (path.endsWith('.safetensors')) return true;
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
