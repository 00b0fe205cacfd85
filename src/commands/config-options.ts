/** Command-line options made of the config schema: names, help, defaults, and how their text is read. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { type ConfigKey, configSchema } from '../train/config.js';
import { choicesOf, optionHints } from '../train/options.js';
import { PRESET_NAMES, PRESETS, type Preset } from '../train/presets.js';

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
    const says = value !== false && !(Array.isArray(value) && value.length === 0);
    if (says) notes.push(`default: ${value}`);
  }
  notes.push(...presetNotes(key, field instanceof z.ZodDefault ? field.parse(undefined) : undefined));
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}

/** What presets make of an option, where that is not its default: "0.15 in preset default, fast". */
function presetNotes(key: ConfigKey, byDefault: unknown): string[] {
  const presets = new Map<string, string[]>();
  for (const name of PRESET_NAMES) {
    const setting = (PRESETS[name] as Preset)[key as keyof Preset];
    if (setting === undefined || String(setting) === String(byDefault)) continue;
    const text = typeof setting === 'function' ? 'by the table' : String(setting) || 'none';
    presets.set(text, [...(presets.get(text) ?? []), name]);
  }
  return [...presets].map(([text, names]) => `${text} in preset ${names.join(', ')}`);
}
