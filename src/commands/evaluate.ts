/** `paragrad evaluate <model> <data…>`: scores a model on a table whose truth is known. */
import type { Command } from 'commander';
import { evaluationSchema } from '../train/config.js';
import { checkData } from '../train/data-options.js';
import { type Evaluation, evaluate } from '../train/evaluate.js';
import { parseOptions } from '../train/options.js';
import { addConfigOptions, flagOf, pickConfigOptions } from './config-options.js';
import { addDataArgument, DATA_KEYS, dataInput } from './data-arguments.js';
import { formatNumber, formatTable, plural } from './format.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, noteOf, type OutputOptions, warn } from './terminal.js';

/** Classes whose confusion fits a terminal; --json has it always. */
const SHOWN_CLASSES = 12;

const KEYS = [...DATA_KEYS, 'workers', 'kernels', 'dropMissingTarget'] as const;

export function addEvaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .description('score a model on a table that holds the target')
    .argument('<model>', 'a model.safetensors or a run directory');
  addDataArgument(command);
  addConfigOptions(command, KEYS);
  addOutputOptions(command).action((model: string, data: string[], options: OutputOptions & Record<string, unknown>) =>
    runCommand(options, (context) => runEvaluate(model, data, options, context)),
  );
}

async function runEvaluate(
  model: string,
  data: readonly string[],
  options: Readonly<Record<string, unknown>>,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const resolved = parseOptions(evaluationSchema, { ...dataInput(data), ...pickConfigOptions(options, KEYS) }, flagOf);
  checkData(resolved, flagOf);
  const { rows, droppedRows, metrics, confusion } = await evaluate(model, resolved, {
    ...resolved,
    signal,
    onNote: noteOf(terminal),
  });
  if (droppedRows > 0) {
    const message = `${plural(droppedRows, 'row')} without a usable target left out`;
    warn(terminal, { type: 'warning', code: 'dropped_rows', message });
  }
  terminal.emit({ type: 'done', rows, metrics, ...(confusion && { confusion }) });
  const scores = Object.entries(metrics as unknown as Record<string, number | null>);
  terminal.print(formatTable([['rows', String(rows)], ...scores.map(([name, value]) => [name, formatNumber(value)])]));
  if (confusion !== undefined && confusion.classes.length <= SHOWN_CLASSES) terminal.print(confusionText(confusion));
}

/** A row for each true class, a column for each predicted one. */
function confusionText({ classes, weights }: NonNullable<Evaluation['confusion']>): string {
  const names = classes.map(String);
  const rows = weights.map((row, c) => [names[c], ...row.map((weight) => String(Number(weight.toPrecision(12))))]);
  return `\n${formatTable([['is \\ taken for', ...names], ...rows])}`;
}
