/** The options of `paragrad train`, made of the config schema: names, help, defaults and how their text is read. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { type ConfigKey, choicesOf, configSchema, optionHints } from '../train/config.js';

/** Everything but the data, which is the command's argument. */
const KEYS = (Object.keys(configSchema.shape) as ConfigKey[]).filter((key) => key !== 'data');

/** The flag of an option of the config: learningRate -> --learning-rate. */
export function flagOf(key: string): string {
  return key === 'data' ? '<data>' : `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Adds every option of a config to a command. */
export function addTrainOptions(command: Command): Command {
  for (const key of KEYS) command.addOption(createOption(key));
  return command;
}

/** The part of parsed command-line options that is a config; options that were not given are absent. */
export function configFromOptions(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(KEYS.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]));
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
  const choices = choicesOf(key);
  if (choices !== undefined) notes.push(choices.join(', '));
  if (optionHints.get(field)?.repeatable) notes.push('may be repeated');
  if (field instanceof z.ZodDefault) {
    const value = field.parse(undefined);
    if (value !== false) notes.push(`default: ${value}`);
  }
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}
