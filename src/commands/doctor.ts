/**
 * `paragrad doctor <data…> --target COL`: what would make the training fail, before it does; of a run directory, what made
 * it. Ends with exit code 2 on errors.
 */
import type { Command } from 'commander';
import type { Diagnosis, DoctorOptions } from '../doctor/doctor.js';
import { ParagradError } from '../errors.js';
import { resolveConfig, type TrainConfig } from '../train/config.js';
import { isRunDirectory } from '../train/run-directory.js';
import { addConfigFileOption, type ConfigInput, configInput, type GivenOptions } from './config-input.js';
import { addConfigOptions, TRAIN_KEYS } from './config-options.js';
import { dataInput } from './data-arguments.js';
import { printFindings } from './findings.js';
import { formatNumber, formatTable, plural } from './format.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, type OutputOptions } from './terminal.js';

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('find what would make a training fail: in the table, the loss, the first weights, the learning rate')
    .argument(
      '[data|run-dir...]',
      'files, folders or globs of the table, or a run directory: then its options are taken',
    );
  addConfigOptions(command, TRAIN_KEYS);
  addConfigFileOption(command);
  addOutputOptions(command).action((data: string[], options: OutputOptions & GivenOptions) =>
    runCommand(options, async (context) => {
      const { readRunConfig } = await import('../doctor/run-config.js');
      const isRun = data.length === 1 && (await isRunDirectory(data[0]));
      const { input, nameOf } = await configInput(isRun ? {} : dataInput(data), options, TRAIN_KEYS);
      if (!isRun) return runDoctor({ input, nameOf }, {}, context);
      // With other options than its own it would be another run.
      const replayed = Object.keys(input).length === 0 ? { runDir: data[0] } : {};
      return runDoctor({ input: { ...(await readRunConfig(data[0])), ...input }, nameOf }, replayed, context);
    }),
  );
}

async function runDoctor(
  { input, nameOf }: ConfigInput,
  replayed: Pick<DoctorOptions, 'runDir'>,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const { doctor } = await import('../doctor/doctor.js');
  resolveConfig(input, nameOf);
  const diagnosis = await doctor(input as TrainConfig, { signal, ...replayed });
  const { findings, rate, start, refused } = diagnosis;
  printFindings(terminal, findings);
  terminal.emit({ type: 'done', findings: findings.length, rows: diagnosis.rows, rate, start, refused });
  terminal.print(summary(diagnosis));
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const causes = errors.map(({ code }) => code).join(', ');
  throw new ParagradError('findings', `${plural(errors.length, 'cause')} of failure found: ${causes}`, {
    hint: errors.map(({ advice }) => advice).join(' '),
  });
}

function summary({ findings, rate, start, refused, rows }: Diagnosis): string {
  const lines: string[][] = [];
  if (rows.seen < rows.all) lines.push(['looked at', `${rows.seen} rows of ${rows.all}`]);
  if (start !== null) {
    lines.push(['first loss', formatNumber(start.firstLoss)], ['of a constant', formatNumber(start.constantLoss)]);
  }
  if (rate !== null) {
    lines.push(
      ['learning rate', formatNumber(rate.configured)],
      ['lambda', formatNumber(rate.lambda)],
      ['a quadratic bears', formatNumber(rate.stable)],
    );
    if (rate.blowsUpAt !== null) lines.push(['blows up at step', String(rate.blowsUpAt)]);
  }
  if (refused !== null) lines.push(['not trained', refused]);
  const verdict = findings.length === 0 ? 'nothing found' : plural(findings.length, 'finding');
  return `${lines.length === 0 ? '' : `${formatTable(lines)}\n`}${verdict}`;
}
