/** Command-line options made of the config schema: names, help, defaults, and how their text is read. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { type ConfigKey, configSchema } from '../train/config.js';
import { choicesOf, optionHints } from '../train/options.js';

/** The options of `paragrad train`: everything but the data, which is its argument. */
export const TRAIN_KEYS = (Object.keys(configSchema.shape) as ConfigKey[]).filter((key) => key !== 'data');

/** The flag of an option of the config: learningRate -> --learning-rate. */
export function flagOf(key: string): string {
  return key === 'data' ? '<data>' : `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Adds options of the config to a command. */
export function addConfigOptions(command: Command, keys: readonly ConfigKey[]): Command {
  for (const key of keys) command.addOption(createOption(key));
  return command;
}

/** Those options as the command line gave them; absent where it did not. */
export function pickConfigOptions(
  options: Readonly<Record<string, unknown>>,
  keys: readonly ConfigKey[],
): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]));
}

function createOption(key: ConfigKey): Option {
  const field = configSchema.shape[key];
  const hint = optionHints.get(field)!;
  const flags = hint.argument === undefined ? flagOf(key) : `${flagOf(key)} <${hint.argument}>`;
  const option = new Option(flags, `${field.description}${details(key)}`).helpGroup(`${hint.group}:`);
  const { parse = (text: string) => text, repeatable } = hint;
  if (hint.argument === undefined) return option;
  return option.argParser((text: string, previous: unknown) => {
    return repeatable ? [...((previous as unknown[] | undefined) ?? []), parse(text)] : parse(text);
  });
}

/** Choices and default, as the schema has them. */
function details(key: ConfigKey): string {
  const field = configSchema.shape[key];
  const notes: string[] = [];
  const choices = choicesOf(field);
  if (choices !== undefined) notes.push(choices.join(', '));
  if (optionHints.get(field)?.repeatable) notes.push('may be repeated');
  if (field instanceof z.ZodDefault) {
    const value = field.parse(undefined);
    if (value !== false) notes.push(`default: ${value}`);
  }
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}
