/**
 * All commands together, and what happens to arguments that are none of theirs: one line, exit code 2. A command loads what
 * only it needs when it is run, so that the start of the others does not pay for it.
 */
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { ParagradError } from '../errors.js';
import { paragradVersion } from '../train/environment.js';
import { addDoctorCommand } from './doctor.js';
import { addEvaluateCommand } from './evaluate.js';
import { addGradcheckCommand } from './gradcheck.js';
import { addInspectCommand } from './inspect.js';
import { addLrFindCommand } from './lr-find.js';
import { addPredictCommand } from './predict.js';
import { reportError } from './report-error.js';
import { addScaleCommand } from './scale.js';
import { createTerminal } from './terminal.js';
import { addTrainCommand } from './train.js';

export function createProgram(): Command {
  const program = new Command('paragrad')
    .description(
      'Trains neural networks on Arrow and Parquet tables, on every core, with the same bits for any number of them.',
    )
    .version(paragradVersion())
    .configureHelp({ showGlobalOptions: false })
    // Errors are reported by runProgram, in the form of all errors. Commands inherit both settings.
    .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
    .exitOverride();
  addTrainCommand(program);
  addPredictCommand(program);
  addEvaluateCommand(program);
  addInspectCommand(program);
  addGradcheckCommand(program);
  addDoctorCommand(program);
  addLrFindCommand(program);
  addScaleCommand(program);
  return program;
}

/**
 * Runs the program.
 *
 * @param args without the names of node and the script
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    // --help and --version "fail" with 0, when they have printed what was asked for.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const terminal = createTerminal({
      json: args.includes('--json'),
      verbose: args.includes('--verbose'),
      color: !args.includes('--no-color'),
    });
    process.exitCode = reportError(error instanceof CommanderError ? usageError(error, args) : error, terminal);
  }
}

function usageError(error: CommanderError, args: readonly string[]): ParagradError {
  if (error.code === 'commander.help') {
    return new ParagradError('usage', 'no command given', { hint: 'See paragrad --help.' });
  }
  const command = error.code === 'commander.unknownCommand' ? undefined : args.find((arg) => !arg.startsWith('-'));
  return new ParagradError('usage', error.message.replace(/^error: /, ''), {
    hint: `See paragrad ${command === undefined ? '' : `${command} `}--help.`,
  });
}
