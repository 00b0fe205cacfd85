/** What every format checks of its columns. */
import { ParagradError } from '../../errors.js';
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
