/** Options that are about hidden layers, where there are none that they could be about: they would look as if they had an effect. */
import { ParagradError } from '../errors.js';
import type { NameOf } from './options.js';

interface HiddenLayers {
  /** Widths. */
  readonly hidden: readonly number[];
  readonly residual: boolean;
  readonly layerNorm: boolean;
}

/** @throws ParagradError `unread_option` */
export function checkHiddenLayers({ hidden, residual, layerNorm }: HiddenLayers, nameOf: NameOf = (key) => key): void {
  if (layerNorm && hidden.length === 0) {
    throw new ParagradError('unread_option', `${nameOf('layerNorm')} is about hidden layers, and there are none`, {
      hint: `Leave it out, or give ${nameOf('hidden')} some widths.`,
    });
  }
  if (!residual || hidden.some((width, i) => i > 0 && width === hidden[i - 1])) return;
  throw new ParagradError(
    'unread_option',
    `${nameOf('residual')} joins hidden layers of equal width, and no two in a row of ${nameOf('hidden')} ` +
      `${JSON.stringify(hidden.join(','))} have that`,
    { hint: `Leave it out, or repeat a width: ${nameOf('hidden')} 256,256.` },
  );
}
