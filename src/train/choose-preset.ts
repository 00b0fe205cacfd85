/** Which preset goes with what was given, and which of its settings then count. */
import { HYPERPARAMETER_NAMES } from './hyperparameters.js';
import { PRESET_NAMES, PRESETS, type Preset, type PresetName } from './presets.js';

/** Who gives one of these means to say what is trained, and how: nothing is to be added to it. */
const PLAIN_KEYS = ['hidden', 'loss', 'activation', 'optimizer'];

/** The preset of some options, when they name none. */
export function impliedPreset(given: Readonly<Record<string, unknown>>): PresetName {
  return PLAIN_KEYS.some((key) => given[key] !== undefined) ? 'sgd' : 'default';
}

/** The settings of a preset. The constants of its optimizer are of no use to another one. */
export function settingsOf(name: PresetName, optimizer: unknown): Preset {
  const preset: Preset = PRESETS[name];
  if (optimizer === undefined || optimizer === preset.optimizer) return preset;
  const others = Object.entries(preset).filter(([key]) => !(HYPERPARAMETER_NAMES as readonly string[]).includes(key));
  return Object.fromEntries(others) as unknown as Preset;
}

/**
 * Options on top of the preset that they name or imply: of its settings, those that do not wait for the table.
 *
 * @param given options as a user wrote them, not yet checked; what is no object stays as it is
 */
export function withPreset(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { preset = impliedPreset(options), optimizer } = options;
  const known = PRESET_NAMES.find((name) => name === preset);
  const settings = known === undefined ? {} : settingsOf(known, optimizer);
  const outright = Object.entries(settings).filter(([, value]) => typeof value !== 'function');
  return { ...Object.fromEntries(outright), ...options, preset };
}
