import { describe, expect, it } from 'vitest';
import { describeError, reportError } from '../../src/commands/report-error.js';
import { type ErrorKind, EXIT_CODES, ParagradError } from '../../src/errors.js';
import { recordTerminal } from './terminal.js';

describe('reportError', () => {
  it('puts message and hint on one line, and gives the exit code of the kind', () => {
    for (const [kind, exitCode] of Object.entries(EXIT_CODES)) {
      const terminal = recordTerminal();
      const error = new ParagradError('c', 'no\nsuch thing', { kind: kind as ErrorKind, hint: 'Look elsewhere.' });
      expect(reportError(error, terminal)).toBe(exitCode);
      expect(terminal.noted).toEqual(['error: no such thing. Look elsewhere.']);
      expect(terminal.printed).toEqual([]);
    }
  });

  it('ends no sentence twice', () => {
    const terminal = recordTerminal();
    reportError(new ParagradError('c', 'Really?', { hint: 'Yes.' }), terminal);
    reportError(new ParagradError('c', 'alone'), terminal);
    expect(terminal.noted).toEqual(['error: Really? Yes.', 'error: alone']);
  });

  it('prints an error event with --json, besides the line', () => {
    const terminal = recordTerminal({ json: true });
    reportError(new ParagradError('no_such_file', 'no such file: a'), terminal);
    expect(terminal.printed).toEqual(['{"type":"error","code":"no_such_file","message":"no such file: a"}']);
    expect(terminal.noted).toHaveLength(1);
  });

  it('says that nothing was kept after an interruption', () => {
    const error = new ParagradError('interrupted', 'interrupted', { kind: 'interrupted' });
    expect(describeError(error)).toMatchObject({ code: 'interrupted', hint: 'Nothing was kept.' });
  });

  it('calls anything else a bug, exit code 1, with its stack only when asked', () => {
    const bug = new TypeError('x is\nnot a function', { cause: new Error('the reason') });
    const quiet = recordTerminal();
    expect(reportError(bug, quiet)).toBe(1);
    expect(quiet.noted).toEqual([
      'error: this is a bug in paragrad: TypeError: x is not a function. Please report it with what --verbose prints.',
    ]);
    const verbose = recordTerminal({ verbose: true });
    reportError(bug, verbose);
    expect(verbose.noted[1]).toContain('report-error.test.ts');
    expect(verbose.noted[1]).toContain('caused by Error: the reason');
    expect(describeError('text').message).toBe('this is a bug in paragrad: text');
  });
});
