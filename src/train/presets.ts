/**
 * Presets: whole sets of settings under a name. What a user gives wins over the preset, the preset over the defaults of the
 * schema. `default` is the recipe (docs/recipe.md says why each setting is there), `fast` the recipe in a hurry, `sgd` plain
 * training where what is written is what runs, `linear` no hidden layer.
 *
 * Some settings follow from the table: these are functions, and are resolved when it has been read (settle.ts).
 */
import { z } from 'zod';
import type { Task } from '../nn/losses/loss.js';
import { durationOptions } from './config/duration.js';
import { lossOptions } from './config/loss.js';
import { networkOptions } from './config/network.js';
import { optimizerOptions } from './config/optimizer.js';
import { preprocessingOptions } from './config/preprocessing.js';
import { runOptions } from './config/run.js';
import { splitOptions } from './config/split.js';

const settings = z.strictObject({
  ...splitOptions,
  ...networkOptions,
  ...lossOptions,
  ...optimizerOptions,
  ...durationOptions,
  ...preprocessingOptions,
  ...runOptions,
});
type Settings = z.input<typeof settings>;

/** What settings may follow from. */
export interface Facts {
  readonly task: Task;
  readonly stepsPerEpoch: number;
  readonly trainRows: number;
  readonly validationRows: number;
  /** Where one was asked for. */
  readonly loss: string | undefined;
}

/** A value, or how it follows from the table. */
export type Setting<T> = T | ((facts: Facts) => T);

/** Settings; those that are absent have the schema's default. */
export type Preset = { readonly [K in keyof Settings]?: Setting<Settings[K]> } & {
  readonly activation: Setting<NonNullable<Settings['activation']>>;
  readonly epochs: Setting<number>;
};

const byTask =
  <T>(classification: T, regression: T) =>
  ({ task }: Facts): T =>
    task === 'regression' ? regression : classification;

/** As many epochs as make about so many steps, within bounds. */
const epochsFor =
  (steps: number, least: number, most: number) =>
  ({ stepsPerEpoch }: Facts): number =>
    Math.min(most, Math.max(least, Math.round(steps / stepsPerEpoch)));

/** Two classes tell a network little by each row: it has learned small tables by heart sooner. */
const recipeEpochs = (facts: Facts): number => epochsFor(2100, 24, facts.task === 'binary' ? 36 : 144)(facts);

const bestIfHeldOut = ({ validationRows }: Facts): 'best' | 'last' => (validationRows > 0 ? 'best' : 'last');

const fitIfHeldOut = ({ task, validationRows }: Facts): 'fit' | 'none' =>
  task !== 'regression' && validationRows > 0 ? 'fit' : 'none';

/** A plain network costs a fraction of the recipe's, and wins on small tables; on large ones it has nothing to add. */
const plainUpTo =
  (rows: number) =>
  ({ trainRows, validationRows, loss }: Facts): 'plain' | 'none' =>
    trainRows <= rows && validationRows > 0 && loss === undefined ? 'plain' : 'none';

const RECIPE = {
  members: 5,
  split: 'auto',
  scale: 'robust',
  encode: ['piecewise', 'values', 'periodic', 'sign', 'embedding'],
  clampTarget: true,
  hidden: [256, 256, 256],
  activation: byTask('selu', 'mish'),
  learnedActivation: true,
  inputScale: true,
  init: 'calibrated',
  dropout: 0.15,
  optimizer: 'adamw',
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  learningRate: byTask(0.04, 0.07),
  schedule: 'cosine_log_3',
  layerRates: 'ntk',
  biasRate: 0.1,
  weightDecay: 0.02,
  decay: 'weights',
  batchSize: 256,
  epochs: recipeEpochs,
  restore: bestIfHeldOut,
  temperature: fitIfHeldOut,
  companion: plainUpTo(20_000),
} satisfies Preset;

export const PRESETS = {
  default: RECIPE,
  fast: {
    ...RECIPE,
    members: 1,
    companion: 'none',
    encode: ['piecewise', 'values', 'sign'],
    learnedActivation: false,
    dropout: 0,
    epochs: epochsFor(660, 8, 60),
  },
  sgd: { hidden: [256, 256, 256], activation: 'relu', optimizer: 'adam', epochs: 30 },
  linear: {
    hidden: [],
    activation: 'identity',
    optimizer: 'adam',
    learningRate: 0.01,
    schedule: 'cosine',
    epochs: epochsFor(3000, 16, 128),
    restore: bestIfHeldOut,
  },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];
