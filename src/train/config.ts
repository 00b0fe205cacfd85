/**
 * One schema of a training run. The library's config type is its input, the resolved config its output, and the options
 * of `paragrad train` (names, arguments, choices, defaults, help) are made of it, so that nothing is listed twice.
 * Each group of options is a file in config/; what concerns several of them together is checked here.
 *
 * Not here: what only reading the data can tell (the task when it is not given, whether a column exists), and what only
 * the command line has (--json, --quiet, --verbose, --no-color).
 */
import { z } from 'zod';
import { ParagradError } from '../errors.js';
import { withPreset } from './choose-preset.js';
import { columnOptions } from './config/columns.js';
import { durationOptions } from './config/duration.js';
import { lossOptions } from './config/loss.js';
import { machineOptions } from './config/machine.js';
import { networkOptions } from './config/network.js';
import { optimizerOptions } from './config/optimizer.js';
import { preprocessingOptions } from './config/preprocessing.js';
import { runOptions } from './config/run.js';
import { splitOptions } from './config/split.js';
import { watchOptions } from './config/watch.js';
import { checkData, dataOptions } from './data-options.js';
import { checkHiddenLayers } from './hidden-layers.js';
import { checkHyperparameters } from './hyperparameters.js';
import { checkLossConstants } from './loss-constants.js';
import { type NameOf, optionalChoice, parseOptions } from './options.js';
import { PRESET_NAMES, type PresetName } from './presets.js';
import { lossForTask } from './task.js';

/** Fields in the order in which the help lists them. */
export const configSchema = z.strictObject({
  ...dataOptions,
  ...columnOptions,
  ...splitOptions,
  preset: optionalChoice(
    PRESET_NAMES,
    'settings to start from (default: default; sgd where --hidden, --loss, --activation or --optimizer is given)',
    'Network',
  ),
  ...networkOptions,
  ...lossOptions,
  ...optimizerOptions,
  ...durationOptions,
  ...watchOptions,
  ...preprocessingOptions,
  ...machineOptions,
  ...runOptions,
});

/** What a user of the library writes: only `target`, and `data` or `query`, are required. */
export type TrainConfig = z.input<typeof configSchema>;

/** Every option with its value. Those that follow from the table (settle.ts), or are left to the optimizer, may be absent. */
export type ResolvedConfig = z.output<typeof configSchema> & { readonly preset: PresetName };

export type ConfigKey = keyof ResolvedConfig;

/** @throws ParagradError `needs_validation` when epochs are to be compared, a temperature fit or networks mixed, and there are no rows to do it by */
function checkHeldOut(
  { validation, patience, restore, temperature, companion }: ResolvedConfig,
  nameOf: NameOf = (key) => key,
): void {
  if (validation !== 0) return;
  if (temperature === 'fit') {
    throw new ParagradError(
      'needs_validation',
      `${nameOf('temperature')} is fit on held-out rows, and ${nameOf('validation')} is 0`,
      { hint: `Hold some rows out, or leave ${nameOf('temperature')} away.` },
    );
  }
  if (companion === 'plain') {
    throw new ParagradError(
      'needs_validation',
      `${nameOf('companion')} is mixed by held-out rows, and ${nameOf('validation')} is 0`,
      { hint: `Hold some rows out, or leave ${nameOf('companion')} away.` },
    );
  }
  const asking = patience !== undefined ? 'patience' : restore === 'best' ? 'restore' : null;
  if (asking === null) return;
  throw new ParagradError(
    'needs_validation',
    `${nameOf(asking)} compares epochs by held-out rows, and ${nameOf('validation')} is 0`,
    { hint: `Hold some rows out, or leave ${nameOf(asking)} away.` },
  );
}

/** @throws ParagradError `unread_option` when rows are to be chosen and none are held out of the table */
function checkSplit({ validation, split }: ResolvedConfig, nameOf: NameOf = (key) => key): void {
  if (split === 'random' || split === 'auto' || (typeof validation === 'number' && validation > 0)) return;
  const why = validation === 0 ? 'is 0' : 'is a file';
  throw new ParagradError(
    'unread_option',
    `${nameOf('split')} says which rows of the table are held out, and ${nameOf('validation')} ${why}`,
    { hint: `Leave ${nameOf('split')} out, or give ${nameOf('validation')} a fraction.` },
  );
}

/** The options that predicting and evaluating share with training. */
export const machineSchema = z.strictObject({
  ...dataOptions,
  ...configSchema.pick({ workers: true, kernels: true }).shape,
});
export const evaluationSchema = z.strictObject({
  ...machineSchema.shape,
  ...configSchema.pick({ dropMissingTarget: true }).shape,
});
/** The options of inspecting a table. */
export const dataSchema = z.strictObject(dataOptions);

/**
 * Checks a config and fills in its preset and the defaults.
 *
 * @param input a `TrainConfig`, not trusted
 * @throws ParagradError `bad_option`: names the option, what was expected, and what was given; `unread_option` for a
 *   constant that the optimizer or the loss does not read, or a piece that no hidden layer can have; `loss_task_mismatch`; `needs_validation`
 *
 * @example
 * const config = resolveConfig({ data: 'houses.parquet', target: 'price', epochs: 5 });
 */
export function resolveConfig(input: unknown, nameOf?: NameOf): ResolvedConfig {
  const config = parseOptions(configSchema, withPreset(input), nameOf) as ResolvedConfig;
  checkData(config, nameOf);
  checkHiddenLayers(config, nameOf);
  checkHyperparameters(config, nameOf);
  checkHeldOut(config, nameOf);
  checkSplit(config, nameOf);
  const loss = config.task === undefined ? config.loss : lossForTask(config.task, config.loss);
  if (loss !== undefined) checkLossConstants(config, loss, nameOf);
  return config;
}
