/**
 * What every command does around its work: SIGINT and SIGTERM abort the work, which ends in order; errors become a line and
 * an exit code. Who signals again because that takes too long ends the process at once.
 */
import process from 'node:process';
import { EXIT_CODES, ParagradError } from '../errors.js';
import { reportError } from './report-error.js';
import { createTerminal, type OutputOptions, type Terminal } from './terminal.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/**
 * Signals this soon after the first are its echo: npm passes on the SIGINT of a Ctrl-C that the terminal has already sent to
 * every process of the group.
 */
const ECHO_MS = 1000;

export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Runs a command's work to its end and sets the exit code of the process. Never rejects. */
export async function runCommand(
  options: OutputOptions,
  work: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const terminal = createTerminal(options);
  const controller = new AbortController();
  let interruptedAt = Number.POSITIVE_INFINITY;
  const interrupt = () => {
    if (performance.now() - interruptedAt > ECHO_MS) process.exit(EXIT_CODES.interrupted);
    if (controller.signal.aborted) return;
    interruptedAt = performance.now();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    await work({ terminal, signal: controller.signal });
    process.exitCode = 0;
  } catch (error) {
    process.exitCode = reportError(controller.signal.aborted ? interruption(error) : error, terminal);
  } finally {
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}

/** Whatever a library threw because it was told to stop is an interruption. */
function interruption(error: unknown): ParagradError {
  if (error instanceof ParagradError && error.kind === 'interrupted') return error;
  return new ParagradError('interrupted', 'interrupted', { kind: 'interrupted', cause: error });
}
