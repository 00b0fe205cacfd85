/** Findings as people read them: what was measured, what makes it so, the edit, and how to see that it is mended. */
import type { Finding } from '../check/finding.js';
import type { Terminal } from './terminal.js';

/** A finding as lines of text. */
export function findingText({ code, severity, evidence, cause, advice, verify }: Finding): string {
  return [
    `${severity.padEnd(7)} ${code}: ${evidence}`,
    `        because  ${cause}`,
    `        do       ${advice}`,
    `        verify   ${verify}`,
  ].join('\n');
}

/** A finding in one line, for standard error while something goes on. */
export function findingLine(terminal: Terminal, { code, severity, evidence, cause, advice }: Finding): string {
  const color = severity === 'error' ? 'red' : 'yellow';
  return `${terminal.style(color, `${severity}:`)} ${code}: ${evidence}; ${cause}. ${advice}`;
}

/** Findings as events, and as text for people. */
export function printFindings(terminal: Terminal, findings: readonly Finding[]): void {
  for (const finding of findings) {
    terminal.emit({ type: 'finding', ...finding });
    terminal.print(findingText(finding));
  }
}
