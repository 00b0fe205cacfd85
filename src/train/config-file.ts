/**
 * A config in a file, YAML or JSON: the options of a run under their names in the library (`learningRate: 0.01`). The config.json of
 * a run is such a file. Paths in it are relative to the folder that the program runs in, as on the command line.
 *
 * Not here: whether the values are good, which is the schema's concern once they have met the options given otherwise.
 */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { nearestNames } from '../data/names.js';
import { ParagradError } from '../errors.js';
import { configSchema, type TrainConfig } from './config.js';

/** Options, as far as a file names them. */
export type PartialConfig = Partial<TrainConfig>;

/**
 * Reads a config file.
 *
 * @throws ParagradError `no_such_file`; `bad_config` when it is neither YAML nor JSON, no list of options, or names one that
 *   does not exist
 */
export async function readConfigFile(path: string): Promise<PartialConfig> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ParagradError('no_such_file', `cannot read the config ${path}`, { cause, hint: 'Check the path.' });
  });
  const config = await parse(path, text);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new ParagradError('bad_config', `${path}: expected options with their values`, {
      hint: 'Write one a line, such as learningRate: 0.01.',
    });
  }
  const names = Object.keys(configSchema.shape);
  const unknown = Object.keys(config).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const [nearest] = nearestNames(unknown, names);
    const message = `${path}: unknown option ${JSON.stringify(unknown)}`;
    throw new ParagradError('bad_config', message, nearest === undefined ? {} : { hint: `Did you mean "${nearest}"?` });
  }
  return config;
}

/**
 * Options given on the spot before those of a file. A table named on the spot takes the place of the file's, however each is
 * named.
 */
export function mergeConfigs(file: PartialConfig, given: PartialConfig): PartialConfig {
  if (given.data === undefined && given.query === undefined) return { ...file, ...given };
  const { data: _data, query: _query, format: _format, ...rest } = file;
  return { ...rest, ...given };
}

async function parse(path: string, text: string): Promise<unknown> {
  // Loaded when there is such a file: most runs have none.
  const { parse: parseYaml } = await import('yaml');
  try {
    return extname(path).toLowerCase() === '.json' ? JSON.parse(text) : parseYaml(text);
  } catch (cause) {
    const [said] = (cause as Error).message.split('\n');
    throw new ParagradError('bad_config', `${path}: ${said.replace(/:$/, '')}`, { cause });
  }
}
