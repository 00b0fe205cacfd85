/** The activations by name. The CLI's choices, the config schema and the tests' matrix come from here. */
import type { Activation } from './activation.js';
import { elu } from './elu.js';
import { gelu } from './gelu.js';
import { identity } from './identity.js';
import { leakyRelu } from './leaky-relu.js';
import { mish } from './mish.js';
import { relu } from './relu.js';
import { selu } from './selu.js';
import { sigmoid } from './sigmoid.js';
import { silu } from './silu.js';
import { tanh } from './tanh.js';

export const ACTIVATIONS = {
  identity,
  relu,
  leaky_relu: leakyRelu,
  tanh,
  sigmoid,
  elu,
  selu,
  gelu,
  silu,
  mish,
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof ACTIVATIONS;
