/** `<data…>` and the options that go with it: what every command that reads a table takes. */
import type { Command } from 'commander';

/** The options of the config that say how data is read. */
export const DATA_KEYS = ['query', 'format'] as const;

/** Adds the data as the last argument; that there is some is checked with the options, since --query may stand for it. */
export function addDataArgument(command: Command): Command {
  return command.argument(
    '[data...]',
    'files, folders or globs, whose rows are read one after the other; - for standard input',
  );
}

/** The argument as the option `data` has it. */
export function dataInput(paths: readonly string[]): { readonly data?: string | string[] } {
  if (paths.length === 0) return {};
  return { data: paths.length === 1 ? paths[0] : [...paths] };
}
