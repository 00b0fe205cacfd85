/**
 * The settings that wait for the table, filled in when it has been read: what the preset makes of the task and of the number of
 * rows. What is there already stays, so that a config which was written down settles to itself.
 */
import { settingsOf } from './choose-preset.js';
import type { ResolvedConfig } from './config.js';
import type { Facts } from './presets.js';

/** A config in which nothing waits for the table any more. */
export type SettledConfig = Omit<ResolvedConfig, SettledKey> & {
  readonly [K in SettledKey]: NonNullable<ResolvedConfig[K]>;
};

type SettledKey = 'activation' | 'epochs' | 'restore' | 'companion';

/** What is known when the table has been read. */
export type ReadTable = Omit<Facts, 'stepsPerEpoch' | 'loss'>;

/** Fills in what follows from the table. */
export function settleConfig(config: ResolvedConfig, read: ReadTable): SettledConfig {
  const { trainRows } = read;
  const batchSize = config.batchSize === 'full' ? trainRows : Math.min(config.batchSize, trainRows);
  const facts = { ...read, stepsPerEpoch: Math.ceil(trainRows / batchSize), loss: config.loss };
  const preset = settingsOf(config.preset, config.optimizer);
  const waiting = Object.entries(preset).flatMap(([key, setting]) =>
    typeof setting === 'function' && config[key as keyof ResolvedConfig] === undefined ? [[key, setting(facts)]] : [],
  );
  const settled = {
    temperature: 'none',
    companion: 'none',
    restore: config.patience === undefined ? 'last' : 'best',
    ...config,
    ...Object.fromEntries(waiting),
  };
  return settled as SettledConfig;
}
