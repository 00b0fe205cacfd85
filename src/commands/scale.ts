/** `paragrad scale <data…> --target COL`: how a training speeds up with workers, here and on more cores. Nothing is trained. */
import type { Command } from 'commander';
import { ParagradError } from '../errors.js';
import type { MeasuredPoint, ScalingReport } from '../scale/report.js';
import { writeWhole } from '../train/atomic-file.js';
import { resolveConfig, type TrainConfig } from '../train/config.js';
import { addConfigFileOption, type ConfigInput, configInput, type GivenOptions } from './config-input.js';
import { addConfigOptions, TRAIN_KEYS } from './config-options.js';
import { addDataArgument, dataInput } from './data-arguments.js';
import { formatCount, formatTable, plural } from './format.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, type OutputOptions } from './terminal.js';
import { writeChart } from './write-chart.js';

/** Options of a training that its speed does not depend on, or that the measurement has its own for. */
const UNREAD: ReadonlySet<string> = new Set([
  ...['workers', 'epochs', 'steps', 'patience', 'restore', 'test', 'name', 'runsDir', 'memoryLimit', 'members'],
  ...['temperature', 'onDivergence', 'monitors', 'clampTarget'],
]);
const KEYS = TRAIN_KEYS.filter((key) => !UNREAD.has(key));
const MODES = ['strong', 'weak'] as const;
const PHASES = ['gather', 'forward', 'backward', 'reduce', 'update', 'wait', 'other'] as const;

interface ScaleOptions extends OutputOptions, GivenOptions {
  readonly workers?: string;
  readonly mode?: string;
  readonly projectTo?: string;
  readonly rounds?: string;
  readonly csv?: string;
  readonly plot?: string;
}

export function addScaleCommand(program: Command): void {
  const command = program
    .command('scale')
    .description('measure how a training speeds up with workers, and project it to more cores')
    .option('--workers <N,N,…>', 'numbers of workers to measure (default: 1, 2, 4 … up to the number of cores)')
    .option(
      '--mode <NAME>',
      'strong: the same batch for all; weak: --batch-size rows for each worker (default: strong)',
    )
    .option('--project-to <N>', 'the most workers to project to (default: 128)')
    .option('--rounds <N>', 'timed runs of each number of workers (default: 7)')
    .option('--csv <FILE>', 'write the table to this file')
    .option('--plot <FILE.svg>', 'write the curve to this file');
  addDataArgument(command);
  addConfigOptions(command, KEYS);
  addConfigFileOption(command);
  addOutputOptions(command).action((data: string[], options: ScaleOptions) =>
    runCommand(options, async (context) =>
      runScale(await configInput(dataInput(data), options, KEYS), options, context),
    ),
  );
}

async function runScale(
  { input, nameOf }: ConfigInput,
  options: ScaleOptions,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const { measureScaling } = await import('../scale/scaling.js');
  resolveConfig(input, nameOf);
  const rounds = options.rounds === undefined ? undefined : countOf('--rounds', options.rounds);
  const report = await measureScaling(input as TrainConfig, {
    mode: modeOf(options.mode),
    signal,
    ...(options.workers !== undefined && { workers: options.workers.split(',').map((n) => countOf('--workers', n)) }),
    ...(options.projectTo !== undefined && { projectTo: countOf('--project-to', options.projectTo) }),
    ...(rounds !== undefined && { rounds }),
    onRound: (round) => {
      if (!terminal.quiet && terminal.interactive) terminal.draw(`\r\u001b[2Kround ${round}`);
    },
  });
  if (!terminal.quiet && terminal.interactive) terminal.draw('\r\u001b[2K');
  if (options.csv !== undefined) await writeWhole(options.csv, csvOf(report));
  if (options.plot !== undefined) {
    const { scalingChart } = await import('../scale/scaling-chart.js');
    await writeChart(options.plot, scalingChart(report));
  }
  terminal.emit({ type: 'done', ...report });
  for (const line of linesOf(report)) terminal.print(line);
  if (options.plot !== undefined) terminal.print(`plot  ${options.plot}`);
}

function linesOf(report: ScalingReport): string[] {
  const { points, sizes, kernels, cores, amdahl, usl, projection, advice, equalRuns, mode } = report;
  const [{ batchSize, shards }] = points;
  const perWorker = mode === 'weak' ? ' for each worker' : ` in ${plural(shards, 'shard')}`;
  const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;
  const measured = points.map((point) => [
    String(point.workers),
    (1e6 * point.secondsPerStep).toPrecision(4),
    formatCount(point.rowsPerSecond),
    point.speedUp.toFixed(2),
    point.projectedSpeedUp.toFixed(2),
    percent(point.efficiency),
    ...PHASES.map((phase) => percent(point.shares[phase])),
  ]);
  const projected = projection.map((point) => [
    String(point.workers),
    (1e6 * point.secondsPerStep).toPrecision(4),
    formatCount(point.rowsPerSecond),
    point.speedUp.toFixed(2),
    percent(point.efficiency),
  ]);
  const laws: string[] = [];
  if (amdahl !== null) {
    const limit = amdahl.limit === null ? 'no limit seen' : `${amdahl.limit.toPrecision(3)}x at most`;
    laws.push(`Amdahl: ${percent(amdahl.serial)} of the work is not divided, ${limit}`);
  }
  if (usl !== null) {
    const peak = usl.peak === null ? 'no peak' : `fastest at ${Math.max(1, Math.round(usl.peak))} workers`;
    laws.push(`USL: contention ${percent(usl.contention)}, coherency ${usl.coherency.toPrecision(2)}, ${peak}`);
  }
  return [
    `${sizes.join('-')}, batches of ${batchSize} rows${perWorker}, ${kernels}, ${plural(cores, 'core')}`,
    formatTable([['workers', 'us/step', 'rows/s', 'speed-up', 'projected', 'efficiency', ...PHASES], ...measured]),
    `bits: equal in ${equalRuns} runs`,
    ...laws,
    '',
    'projection, from the run of one worker:',
    formatTable([['workers', 'us/step', 'rows/s', 'speed-up', 'efficiency'], ...projected]),
    ...(advice.length === 0 ? [] : ['', ...advice]),
  ];
}

/** A line for each measured number of workers, then one for each projected one. */
function csvOf({ points, projection }: ScalingReport): string {
  const columns = ['workers', 'batchSize', 'secondsPerStep', 'rowsPerSecond', 'speedUp', 'efficiency'] as const;
  const shares = (point?: MeasuredPoint): (number | string)[] => PHASES.map((phase) => point?.shares[phase] ?? '');
  const lines = [
    ['kind', ...columns, ...PHASES],
    ...points.map((point) => ['measured', ...columns.map((column) => point[column]), ...shares(point)]),
    ...projection.map((point) => ['projected', ...columns.map((column) => point[column]), ...shares()]),
  ];
  return `${lines.map((line) => line.join(',')).join('\n')}\n`;
}

function modeOf(text: string | undefined): (typeof MODES)[number] {
  const mode = MODES.find((name) => name === (text ?? 'strong'));
  if (mode !== undefined) return mode;
  throw new ParagradError('bad_option', `unknown --mode ${JSON.stringify(text)}, expected one of ${MODES.join(', ')}`);
}

function countOf(flag: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text.trim()) && value >= 1 && value <= 1024) return value;
  throw new ParagradError('bad_option', `${flag}: expected a whole number from 1 to 1024, got ${JSON.stringify(text)}`);
}
