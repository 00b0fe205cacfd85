/** A terminal that remembers what was written to it. */
import type { Terminal } from '../../src/commands/terminal.js';

export interface RecordedTerminal extends Terminal {
  /** Lines on standard output. */
  readonly printed: string[];
  /** Everything on standard error. */
  readonly noted: string[];
}

export function recordTerminal(options: Partial<Pick<Terminal, 'json' | 'quiet' | 'verbose' | 'interactive'>> = {}) {
  const printed: string[] = [];
  const noted: string[] = [];
  const terminal: RecordedTerminal = {
    json: false,
    quiet: false,
    verbose: false,
    interactive: false,
    ...options,
    printed,
    noted,
    columns: () => 60,
    print: (line) => void (terminal.json || printed.push(line)),
    emit: (event) => void (terminal.json && printed.push(JSON.stringify(event))),
    note: (line) => void noted.push(line),
    draw: (text) => void noted.push(text),
    style: (_, text) => text,
  };
  return terminal;
}
