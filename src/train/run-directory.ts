/**
 * The folder of one run: `<runsDir>/<name>-<n>/` with config.json, environment.json, metrics.jsonl and model.safetensors.
 * It is made before the data is read, so that a folder which cannot be written is told at once, and removed when the run
 * ends without a model: a run directory that stays is complete. That of a run that diverged is kept for the doctor.
 */
import { appendFileSync } from 'node:fs';
import { access, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { notWritable, writeWhole } from './atomic-file.js';
import type { Environment } from './environment.js';
import { MODEL_FILE } from './model.js';
import type { SettledConfig } from './settle.js';

const ATTEMPTS = 100;
const ENVIRONMENT_FILE = 'environment.json';

export interface RunDirectory {
  readonly path: string;
  readonly modelPath: string;
  /** @param config with what was decided where it left a choice */
  writeConfig(config: SettledConfig): Promise<void>;
  writeEnvironment(environment: Environment): Promise<void>;
  /** Adds a line to metrics.jsonl, at once: nobody waits for another thread to do it, several times an epoch. */
  appendMetrics(record: object): void;
  /** Removes the folder, and those above it that were made for it and that nobody else has used. */
  discard(): Promise<void>;
}

/**
 * Makes the next free folder: n is one more than the greatest in use. Of several processes that ask at once, each gets its
 * own, because making a folder either succeeds or says that it is there.
 *
 * @param runsDir made when missing
 * @param name without slashes
 * @throws ParagradError `not_writable`
 */
export async function createRunDirectory(runsDir: string, name: string): Promise<RunDirectory> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await createNext(runsDir, name);
    } catch (error) {
      // Another run that ended without a model may have removed the folder that it had made, just now.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && attempt < ATTEMPTS) continue;
      throw notWritable(`a run directory in ${runsDir}`, error);
    }
  }
}

/** Whether a path is a run directory, finished or not, and no folder of tables. */
export async function isRunDirectory(path: string): Promise<boolean> {
  const found = [MODEL_FILE, ENVIRONMENT_FILE].map((name) =>
    access(join(path, name)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).includes(true);
}

async function createNext(runsDir: string, name: string): Promise<RunDirectory> {
  const firstMade = await mkdir(runsDir, { recursive: true });
  for (let n = (await greatestNumber(runsDir, name)) + 1; ; n++) {
    const path = join(runsDir, `${name}-${n}`);
    if (await makeFolder(path)) return openRunDirectory(path, foldersMade(runsDir, firstMade));
  }
}

/** The folders from `runsDir` up to the first that had to be made for it, innermost first. */
function foldersMade(runsDir: string, firstMade: string | undefined): string[] {
  if (firstMade === undefined) return [];
  const folders = [resolve(runsDir)];
  while (folders.at(-1)!.length > resolve(firstMade).length) folders.push(dirname(folders.at(-1)!));
  return folders;
}

function openRunDirectory(path: string, made: readonly string[]): RunDirectory {
  const metricsPath = join(path, 'metrics.jsonl');
  return {
    path,
    modelPath: join(path, MODEL_FILE),
    writeConfig: (config) => writeWhole(join(path, 'config.json'), pretty(config)),
    writeEnvironment: (environment) => writeWhole(join(path, ENVIRONMENT_FILE), pretty(environment)),
    appendMetrics(record) {
      try {
        appendFileSync(metricsPath, `${JSON.stringify(record)}\n`);
      } catch (error) {
        throw notWritable(metricsPath, error);
      }
    },
    async discard() {
      await rm(path, { recursive: true, force: true });
      // Fails, as it should, where others have put something meanwhile.
      for (const folder of made) await rmdir(folder).catch(() => undefined);
    },
  };
}

/** False when something of this name is there already. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function greatestNumber(runsDir: string, name: string): Promise<number> {
  const numbers = (await readdir(runsDir))
    .filter((entry) => entry.startsWith(`${name}-`) && /^[1-9]\d{0,8}$/.test(entry.slice(name.length + 1)))
    .map((entry) => Number(entry.slice(name.length + 1)));
  return Math.max(0, ...numbers);
}

function pretty(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
