/** `paragrad train <data…> --target COL`: trains, shows how it goes, and says how well it went and where the model is. */
import type { Command } from 'commander';
import { resolveConfig } from '../train/config.js';
import type { DoneEvent, StartEvent } from '../train/events.js';
import { PRESETS } from '../train/presets.js';
import { train } from '../train/run.js';
import type { SettledConfig } from '../train/settle.js';
import { addConfigFileOption, type ConfigInput, configInput, type GivenOptions } from './config-input.js';
import { addConfigOptions, flagOf, TRAIN_KEYS } from './config-options.js';
import { addDataArgument, dataInput } from './data-arguments.js';
import { findingLine } from './findings.js';
import { formatCount, formatDuration, formatMegabytes, formatMetrics, plural } from './format.js';
import { createProgress } from './progress.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, type OutputOptions, type Terminal, warningLine } from './terminal.js';

export function addTrainCommand(program: Command): void {
  const command = program.command('train').description('train a network on a table; writes a run directory');
  addDataArgument(command);
  addConfigOptions(command, TRAIN_KEYS);
  addConfigFileOption(command);
  addOutputOptions(command).action((data: string[], options: OutputOptions & GivenOptions) =>
    runCommand(options, async (context) => runTrain(await configInput(dataInput(data), options, TRAIN_KEYS), context)),
  );
}

async function runTrain({ input, nameOf }: ConfigInput, { terminal, signal }: CommandContext): Promise<void> {
  const progress = createProgress(terminal);
  let epochs = 0;
  try {
    for await (const event of train(resolveConfig(input, nameOf), { signal })) {
      terminal.emit(event);
      progress.update(event);
      if (event.type === 'start') for (const line of startLines(event)) progress.note(line);
      if (event.type === 'epoch') epochs = event.epoch;
      if (event.type === 'finding') progress.note(findingLine(terminal, event));
      if (event.type === 'warning') progress.note(warningLine(terminal, event));
      if (event.type === 'done') {
        progress.close();
        printResult(event, epochs, terminal);
      }
    }
  } finally {
    progress.close();
  }
}

function startLines(start: StartEvent): string[] {
  const { rows, network, kernels, workers } = start;
  const where = rows.keptIn === 'file' ? '; kept in a temporary file' : '';
  const members = start.members === 1 ? '' : `${start.members} members: `;
  const classes = start.classes === undefined ? '' : `, ${start.classes.length} classes`;
  return [
    `data      ${start.data}: ${plural(rows.train, 'row')} to train on, ${rows.validation} to validate${where}`,
    `task      ${start.task} of "${start.target}"${classes}; loss ${start.loss}`,
    `network   ${members}${network.sizes.join('-')}, ${network.activation}, ${formatCount(network.parameters)} parameters`,
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
    const kept = done.members.map(({ epoch }) => epoch).join(', ');
    terminal.print(`members    ${done.members.length}, averaged; kept epochs ${kept}; validation is their mean`);
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
