/** What every format says and checks of its columns. */
import { ParagradError } from '../../errors.js';
import { shellName } from '../columns.js';
import type { Column } from '../table.js';

/** @throws ParagradError `duplicate_column`: columns are chosen by name, so two of one name cannot be told apart */
export function distinctNames(columns: readonly Column[], location: string): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name)) {
      throw new ParagradError('duplicate_column', `${location} has two columns named ${JSON.stringify(name)}`, {
        hint: 'Rename one of them.',
      });
    }
    seen.add(name);
  }
}

/** The columns that a column of vectors becomes: `name[0]`, `name[1]` … */
export function vectorColumns(name: string, type: string, length: number): Column[] {
  return Array.from({ length }, (_, i) => ({ name: `${name}[${i}]`, type, kind: 'number', vector: name }));
}

/** What to do about a column that cannot be used as it is. */
export function remedyFor(name: string, type: string): string {
  const column = `"${name.replaceAll('"', '""')}"`;
  const way = /struct/i.test(type)
    ? `${column}.field`
    : /list|\[/i.test(type)
      ? `len(${column})`
      : `an expression of ${column}`;
  return `Leave it out: --exclude ${shellName(name)}; or make something of it: --query 'SELECT …, ${way} AS … FROM …'.`;
}
