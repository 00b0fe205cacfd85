/**
 * The configuration of a run that is over, from its run directory. A run is a function of its configuration and its table, so
 * that the doctor who tries it again from the start meets what the run met.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParagradError } from '../errors.js';
import type { TrainConfig } from '../train/config.js';

/**
 * @throws ParagradError `no_run` when the folder holds no run
 */
export async function readRunConfig(runDir: string): Promise<TrainConfig> {
  try {
    return JSON.parse(await readFile(join(runDir, 'config.json'), 'utf8')) as TrainConfig;
  } catch (cause) {
    throw new ParagradError('no_run', `${runDir} holds no config.json of a run`, {
      cause,
      hint: 'Give a run directory, or a table and --target.',
    });
  }
}
