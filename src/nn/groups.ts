/**
 * Groups of parameters: how much of the learning rate, and of the weight decay, a tensor gets, by what it is.
 *
 * With layer rates `ntk` the rate of a weight is divided by sqrt(fan in). Adam's steps do not depend on the size of a gradient,
 * so this is the parametrisation h W / sqrt(fan in) of RealMLP (Holzmueller et al. 2024; Jacot et al. 2018), up to Adam's epsilon.
 * Decoupled decay keeps the undivided rate, as it does there.
 */
import type { Tensor, TensorKind } from './network.js';

/** Factors of the rate and of the decay. */
export interface Factors {
  readonly rate: number;
  readonly decay: number;
}

export type Groups = Readonly<Record<TensorKind, Factors>>;

export const LAYER_RATES = ['uniform', 'ntk'] as const;
export type LayerRates = (typeof LAYER_RATES)[number];

/** What decays: everything, or everything but the layers' biases and the scales and shifts of their norms. */
export const DECAYED = ['all', 'weights'] as const;

/** The factors of the pieces that only the recipe has are its own (docs/recipe.md); layers have all of the rate. */
export function groupsFor(choice: { readonly biasRate: number; readonly decay: (typeof DECAYED)[number] }): Groups {
  return {
    weight: { rate: 1, decay: 1 },
    bias: { rate: choice.biasRate, decay: choice.decay === 'all' ? 1 : 0 },
    norm: { rate: 1, decay: choice.decay === 'all' ? 1 : 0 },
    blend: { rate: 0.1, decay: 1 },
    scale: { rate: 6, decay: 1 },
    periodic: { rate: 0.1, decay: 1 },
    embedding: { rate: 0.1, decay: 1 },
  };
}

export const PLAIN_GROUPS: Groups = groupsFor({ biasRate: 1, decay: 'all' });

/** The factors of one tensor: the decay's is of a rate times decay, so that a divided rate leaves their product as it was. */
export function factorsOf({ kind, rows }: Tensor, groups: Groups, layerRates: LayerRates): Factors {
  const { rate, decay } = groups[kind];
  if (layerRates === 'uniform' || kind !== 'weight') return { rate, decay };
  const root = Math.sqrt(rows);
  return { rate: rate / root, decay: decay * root };
}
