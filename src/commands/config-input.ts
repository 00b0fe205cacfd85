/** What a command was told of a run: the options on its line, before those of the file that --config names. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { ConfigKey } from '../train/config.js';
import { mergeConfigs, type PartialConfig, readConfigFile } from '../train/config-file.js';
import type { NameOf } from '../train/options.js';
import { flagOf, pickConfigOptions } from './config-options.js';

/** The options of a command as commander gives them. */
export type GivenOptions = Readonly<Record<string, unknown>> & { readonly config?: string };

export interface ConfigInput {
  readonly input: Record<string, unknown>;
  /** How messages name an option: as a flag, or as a line of the file. */
  readonly nameOf: NameOf;
}

export function addConfigFileOption(command: Command): Command {
  const option = new Option('--config <FILE>', 'read options from this .yaml or .json file; those given here win');
  return command.addOption(option.helpGroup('Run:'));
}

/**
 * @param data of the arguments, where there is some
 * @param keys the options that the command has
 * @throws ParagradError for what is wrong with the file
 */
export async function configInput(
  data: PartialConfig,
  options: GivenOptions,
  keys: readonly ConfigKey[],
): Promise<ConfigInput> {
  const given = { ...data, ...pickConfigOptions(options, keys) };
  if (options.config === undefined) return { input: given, nameOf: flagOf };
  const file = await readConfigFile(options.config);
  return {
    input: mergeConfigs(file, given),
    nameOf: (key) => (key in file && !(key in given) ? `${key} of ${options.config}` : flagOf(key)),
  };
}
