/**
 * The one error type that paragrad raises on purpose, and the exit code that each kind of it ends the program with.
 * Anything else that escapes is a bug in paragrad (exit 1).
 */

/** Exit code of the command line for each kind of failure; see docs/architecture.md. */
export const EXIT_CODES = {
  /** The input or the usage is wrong; the message says what, where, what was expected and what to do. */
  input: 2,
  /** Training diverged; the last good weights are kept. */
  diverged: 3,
  /** Interrupted by the user (SIGINT, SIGTERM or an AbortSignal). */
  interrupted: 130,
  /** A worker thread died, or an invariant of paragrad was broken. */
  internal: 1,
} as const;

export type ErrorKind = keyof typeof EXIT_CODES;

export interface ParagradErrorOptions {
  /** Decides the exit code. Default: `input`. */
  kind?: ErrorKind;
  /** What to do about it, one sentence; printed after the message on the same line. */
  hint?: string;
  cause?: unknown;
}

/**
 * A failure with a stable machine-readable code and one line for a person.
 *
 * @example
 * throw new ParagradError('unknown_column', 'houses.parquet has no column "prize"', { hint: 'Did you mean "price"?' });
 */
export class ParagradError extends Error {
  override readonly name = 'ParagradError';
  /** Stable, snake_case, e.g. `unknown_column`. */
  readonly code: string;
  readonly kind: ErrorKind;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: ParagradErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.kind = options.kind ?? 'input';
    this.hint = options.hint;
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }
}

/** Throws an internal error when an invariant of paragrad itself is broken. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new ParagradError('internal', message, { kind: 'internal' });
}
