/** `paragrad train <data…> --target COL`: trains, shows how it goes, and says how well it went and where the model is. */
import { type Command, Option } from 'commander';
import { resolveConfig, type TrainConfig } from '../train/config.js';
import type { CrossValidationEvent, DoneEvent, StartEvent, TrainEvent } from '../train/events.js';
import { PRESETS } from '../train/presets.js';
import { crossValidate, train } from '../train/run.js';
import type { SettledConfig } from '../train/settle.js';
import { addConfigFileOption, configInput, type GivenOptions } from './config-input.js';
import { addConfigOptions, flagOf, TRAIN_KEYS } from './config-options.js';
import { addDataArgument, dataInput } from './data-arguments.js';
import { findingLine } from './findings.js';
import { foldLines } from './folds.js';
import { formatCount, formatDuration, formatMegabytes, formatMetrics, networkWords, plural } from './format.js';
import { createProgress } from './progress.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, type OutputOptions, type Terminal, warningLine } from './terminal.js';

type TrainOptions = OutputOptions & GivenOptions & { readonly folds?: string };

export function addTrainCommand(program: Command): void {
  const command = program.command('train').description('train a network on a table; writes a run directory');
  addDataArgument(command);
  addConfigOptions(command, TRAIN_KEYS);
  addConfigFileOption(command);
  const folds = new Option('--folds <K>', 'cross-validate: hold every row out once, in one of K parts; keeps no model');
  command.addOption(folds.helpGroup('Split:'));
  addOutputOptions(command).action((data: string[], options: TrainOptions) =>
    runCommand(options, async (context) => {
      const { input, nameOf } = await configInput(dataInput(data), options, TRAIN_KEYS);
      const config = resolveConfig(input, nameOf);
      if (options.folds === undefined) await runTrain(config, context);
      else await runFolds(config, Number(options.folds), context);
    }),
  );
}

async function runTrain(config: TrainConfig, context: CommandContext): Promise<void> {
  let epochs = 0;
  await follow(train(config, context), context, (event) => {
    if (event.type === 'epoch' && !event.companion) epochs = event.epoch;
    if (event.type === 'done') printResult(event, epochs, context.terminal);
  });
}

async function runFolds(config: TrainConfig, folds: number, context: CommandContext): Promise<void> {
  await follow(crossValidate(config, { ...context, folds }), context, (event) => {
    if (event.type === 'done') for (const line of foldLines(event)) context.terminal.print(line);
  });
}

/** Shows a run while it goes on. */
async function follow<Event extends TrainEvent | CrossValidationEvent>(
  run: AsyncIterable<Event>,
  { terminal }: CommandContext,
  look: (event: Event) => void,
): Promise<void> {
  const progress = createProgress(terminal);
  try {
    for await (const event of run) {
      terminal.emit(event);
      progress.update(event);
      if (event.type === 'start') for (const line of startLines(event)) progress.note(line);
      if (event.type === 'finding' && event.severity !== 'info') progress.note(findingLine(terminal, event));
      if (event.type === 'warning') progress.note(warningLine(terminal, event));
      if (event.type === 'done') progress.close();
      look(event);
    }
  } finally {
    progress.close();
  }
}

function startLines(start: StartEvent): string[] {
  const { rows, network, kernels, workers } = start;
  const where = rows.keptIn === 'file' ? '; kept in a temporary file' : '';
  const several = [
    ...(start.folds === undefined ? [] : [`${start.folds} folds`]),
    ...(start.members === 1 ? [] : [plural(start.members, 'member')]),
  ];
  const members = several.length === 0 ? '' : `${several.join(' of ')}: `;
  const classes = start.classes === undefined ? '' : `, ${start.classes.length} classes`;
  return [
    `data      ${start.data}: ${plural(rows.train, 'row')} to train on, ${rows.validation} to validate${where}`,
    `task      ${start.task} of "${start.target}"${classes}; loss ${start.loss}`,
    `network   ${members}${networkWords(network)}, ${formatCount(network.parameters)} parameters`,
    `learning  ${start.optimizer}, batches of ${plural(start.batchSize, 'row')} in ${plural(start.shards, 'shard')}, ${plural(start.steps, 'step')}`,
    `preset    ${start.config.preset}: ${presetWords(start.config)}`,
    `machine   ${plural(workers.count, 'worker')} (${workers.reason}), ${kernels.name} (${kernels.reason})`,
  ];
}

/** What a preset is about, with the values that count, as options. */
function presetWords(config: SettledConfig): string {
  const values = Object.entries(config).filter(([key, value]) => key in PRESETS[config.preset] && value !== undefined);
  return values.map(([key, value]) => `${flagOf(key)} ${String(value) || '""'}`).join(' ');
}

/** @param epochs that were run */
function printResult(done: DoneEvent, epochs: number, terminal: Terminal): void {
  const { metrics, throughput } = done;
  for (const [part, scores] of Object.entries(metrics)) {
    if (scores !== undefined) terminal.print(`${part.padEnd(10)} ${formatMetrics(scores)}`);
  }
  if (done.members.length > 1) {
    const kept = done.members.map(({ epoch, share }) => (share === 1 ? `${epoch}` : `${epoch} (${share.toFixed(2)})`));
    const shares = done.members.every(({ share }) => share === 1) ? '' : ' by the shares in brackets';
    terminal.print(`networks   ${kept.length}, averaged${shares}; kept epochs ${kept.join(', ')}`);
  } else if (done.epoch < epochs) {
    terminal.print(`kept       the weights of epoch ${done.epoch} of ${epochs}: the lowest validation loss`);
  }
  const speed = [`${formatCount(throughput.rowsPerSecond)} rows/s`, `${formatDuration(done.seconds)} in all`];
  const waiting = (100 * throughput.seconds.input * throughput.stepsPerSecond) / done.steps;
  if (waiting >= 1) speed.push(`${waiting.toFixed(0)}% of the training spent waiting for rows`);
  terminal.print(`speed      ${speed.join(', ')}`);
  const [peak, steps, rows] = [done.memory.peak, done.memory.steps, done.memory.rows].map(formatMegabytes);
  terminal.print(
    `memory     ${peak} at most: ${steps} for the steps, ${rows} of rows, the rest for Node and for reading`,
  );
  terminal.print(`model      ${done.model}`);
}
