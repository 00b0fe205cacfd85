/** How reading ends when the user stops it: one error, wherever the signal is noticed. */
import { ParagradError } from '../errors.js';

/** @param subject what was being read, e.g. the file */
export function interrupted(subject: string): ParagradError {
  return new ParagradError('interrupted', `reading ${subject} was interrupted`, { kind: 'interrupted' });
}

/** Throws when the signal is aborted. */
export function checkInterrupt(signal: AbortSignal | undefined, subject: string): void {
  if (signal?.aborted) throw interrupted(subject);
}
