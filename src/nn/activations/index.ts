/** The activations by name. The CLI's choices, the config schema and the tests' matrix come from here. */
import type { Activation } from './activation.js';
import { identity } from './identity.js';
import { leakyRelu } from './leaky-relu.js';
import { relu } from './relu.js';
import { sigmoid } from './sigmoid.js';
import { tanh } from './tanh.js';

export const ACTIVATIONS = {
  identity,
  relu,
  leaky_relu: leakyRelu,
  tanh,
  sigmoid,
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof ACTIVATIONS;
