/**
 * Where a command's words go. Standard output carries results: text, or with --json one JSON object a line and nothing else.
 * Standard error carries everything about the work: progress, warnings, errors.
 */
import process from 'node:process';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { WarningEvent } from '../train/events.js';

/** Options that every command has; the command line's only, no part of a config. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** False with --no-color. */
  readonly color?: boolean;
}

export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Whether a person watches standard error, so that a line may be redrawn. */
  readonly interactive: boolean;
  /** Width of the terminal on standard error, in characters. */
  columns(): number;
  /** A line of result, for people; nothing with --json. */
  print(line: string): void;
  /** A line of JSON; nothing without --json. */
  emit(event: object): void;
  /** A line on standard error. */
  note(line: string): void;
  /** Text on standard error as it is, for redrawing. */
  draw(text: string): void;
  /** Color for standard error. */
  style(format: 'red' | 'yellow', text: string): string;
}

/** Adds the options of `OutputOptions` to a command. */
export function addOutputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object a line on standard output, and nothing else there')
    .option('--quiet', 'show no progress and no warnings')
    .option('--verbose', 'show where in the program an error arose')
    .option('--no-color', 'do not color (also: set NO_COLOR)');
}

export function createTerminal(options: OutputOptions): Terminal {
  const { stdout, stderr } = process;
  // A reader that went away (EPIPE) is no failure of the work: what it would have read is dropped.
  for (const stream of [stdout, stderr]) if (stream.listenerCount('error') === 0) stream.on('error', ignoreBrokenPipe);
  const interactive = stderr.isTTY === true;
  const colored = interactive && options.color !== false && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return {
    json: options.json === true,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    interactive,
    columns: () => stderr.columns || 80,
    print(line) {
      if (!options.json) stdout.write(`${line}\n`);
    },
    emit(event) {
      if (options.json) stdout.write(`${JSON.stringify(event)}\n`);
    },
    note: (line) => void stderr.write(`${line}\n`),
    draw: (text) => void stderr.write(text),
    style: (format, text) => (colored ? styleText(format, text, { validateStream: false }) : text),
  };
}

/** A warning on standard error, and as an event. */
export function warn(terminal: Terminal, warning: WarningEvent): void {
  terminal.emit(warning);
  if (!terminal.quiet) terminal.note(warningLine(terminal, warning));
}

/** What says a note of a table's reading, for `onNote`. */
export function noteOf(terminal: Terminal): (message: string) => void {
  return (message) => warn(terminal, { type: 'warning', code: 'data', message });
}

export function warningLine(terminal: Terminal, { message }: WarningEvent): string {
  return `${terminal.style('yellow', 'note:')} ${message}`;
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
