/** How a command that failed says so: one line on standard error, with --json also one on standard output. */
import { ParagradError } from '../errors.js';
import type { ErrorEvent } from '../train/events.js';
import type { Terminal } from './terminal.js';

/**
 * Reports an error.
 *
 * @returns the exit code
 */
export function reportError(error: unknown, terminal: Terminal): number {
  const event = describeError(error);
  terminal.emit(event);
  const hint = event.hint === undefined ? '' : ` ${event.hint}`;
  terminal.note(oneLine(`${terminal.style('red', 'error:')} ${endSentence(event.message, hint)}${hint}`));
  if (terminal.verbose) terminal.note(stackOf(error));
  return error instanceof ParagradError ? error.exitCode : 1;
}

/** An error as the event that --json prints. */
export function describeError(error: unknown): ErrorEvent {
  if (!(error instanceof ParagradError)) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return {
      type: 'error',
      code: 'bug',
      message: oneLine(`this is a bug in paragrad: ${message}`),
      hint: 'Please report it with what --verbose prints.',
    };
  }
  const hint = error.hint ?? (error.kind === 'interrupted' ? 'Nothing was kept.' : undefined);
  const { code } = error;
  return { type: 'error', code, message: oneLine(error.message), ...(hint === undefined ? {} : { hint }) };
}

/** A message gets a full stop where a hint follows it. */
function endSentence(message: string, hint: string): string {
  return hint === '' || /[.!?]$/.test(message) ? message : `${message}.`;
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
