/** `paragrad lr-find <data…> --target COL`: finds a learning rate by the range test; nothing is trained or kept but the plot. */
import type { Command } from 'commander';
import { brief } from '../check/finding.js';
import { resolveConfig, type TrainConfig } from '../train/config.js';
import { addConfigFileOption, type ConfigInput, configInput, type GivenOptions } from './config-input.js';
import { addConfigOptions, flagOf, TRAIN_KEYS } from './config-options.js';
import { addDataArgument, dataInput } from './data-arguments.js';
import { formatTable } from './format.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, type OutputOptions } from './terminal.js';
import { writeChart } from './write-chart.js';

const KEYS = TRAIN_KEYS.filter((key) => key !== 'learningRate');

interface FindOptions extends OutputOptions, GivenOptions {
  readonly plot?: string;
  readonly apply?: boolean;
}

export function addLrFindCommand(program: Command): void {
  const command = program
    .command('lr-find')
    .description('find a learning rate: three suggestions, and the smallest of them')
    .option('--plot <FILE.svg>', 'write the curve to this file')
    .option('--apply', 'print the train command with the rate');
  addDataArgument(command);
  addConfigOptions(command, KEYS);
  addConfigFileOption(command);
  addOutputOptions(command).action((data: string[], options: FindOptions) =>
    runCommand(options, async (context) =>
      runFind(await configInput(dataInput(data), options, KEYS), options, context),
    ),
  );
}

async function runFind(
  { input, nameOf }: ConfigInput,
  { plot, apply }: FindOptions,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const { findRate } = await import('../doctor/find-rate.js');
  const { sketch } = await import('../doctor/range-sketch.js');
  resolveConfig(input, nameOf);
  const test = await findRate(input as TrainConfig, { signal });
  const { suggestions, suggested } = test;
  if (plot !== undefined) {
    const { rangeChart } = await import('../doctor/range-chart.js');
    await writeChart(plot, rangeChart(test));
  }
  const command = suggested === null ? null : trainCommand(input, suggested);
  terminal.emit({ type: 'done', suggestions, suggested, points: test.points, ...(command && { command }) });
  terminal.print(sketch(test));
  const shown = (rate: number | null): string => (rate === null ? 'unknown' : brief(rate));
  terminal.print(
    formatTable([
      ['steepest fall', shown(suggestions.steepest)],
      ['a third of the minimum', shown(suggestions.belowMinimum)],
      ['half of what the curvature bears', shown(suggestions.curvature)],
      ['take', suggested === null ? 'none: the loss fell at no rate (paragrad doctor says why)' : brief(suggested)],
    ]),
  );
  if (plot !== undefined) terminal.print(`plot  ${plot}`);
  if (apply && command !== null) terminal.print(command);
}

/** The same options, for train. */
function trainCommand({ data, ...options }: Record<string, unknown>, rate: number): string {
  const quoted = (value: unknown): string => {
    const text = String(value);
    return /^[\w./,:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  };
  const flags = Object.entries(options).flatMap(([key, value]) => {
    if (value === true) return [flagOf(key)];
    const isList = Array.isArray(value) && key !== 'hidden';
    return (isList ? value : [value]).map((one: unknown) => `${flagOf(key)} ${quoted(one)}`);
  });
  const paths = data === undefined ? [] : [data].flat().map(quoted);
  return ['paragrad train', ...paths, ...flags, `--learning-rate ${brief(rate)}`].join(' ');
}
