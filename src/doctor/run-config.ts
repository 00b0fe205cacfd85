/**
 * The configuration of a run that is over, from its run directory. A run is a function of its configuration and its table, so
 * that the doctor who tries it again from the start meets what the run met.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParagradError } from '../errors.js';
import { configSchema, type TrainConfig } from '../train/config.js';

/**
 * @throws ParagradError `no_run` when the folder holds no run
 */
export async function readRunConfig(runDir: string): Promise<TrainConfig> {
  let written: Record<string, unknown>;
  try {
    written = JSON.parse(await readFile(join(runDir, 'config.json'), 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new ParagradError('no_run', `${runDir} holds no config.json of a run`, {
      cause,
      hint: 'Give a run directory, or a table and --target.',
    });
  }
  // Besides the options, the file holds what was decided for the run.
  const options = Object.entries(written).filter(([key]) => key in configSchema.shape);
  return Object.fromEntries(options) as unknown as TrainConfig;
}
