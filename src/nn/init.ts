/**
 * Initial weights: He's uniform rule, W ~ U(-a, a) with a = gain * sqrt(3 / fan in), biases 0. A pure function of the seed,
 * the layer and the element's index in the unpadded tensor.
 *
 * Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10 (fan in), in its uniform form. The output
 * layer has gain 1.
 */
import { fillUniform, PURPOSE } from '../random/philox.js';
import type { Activation } from './activations/activation.js';
import { type Network, writeTensor } from './network.js';

/** Fills a parameter-sized vector of zeros. */
export function initialiseParameters(
  network: Network,
  activation: Activation,
  seed: number,
  vector: Float32Array,
): void {
  network.layers.forEach((layer, i) => {
    const isOutput = i === network.layers.length - 1;
    const values = new Float32Array(layer.inputs * layer.outputs);
    const bound = (isOutput ? 1 : activation.gain) * Math.sqrt(3 / layer.inputs);
    fillUniform(values, bound, seed, PURPOSE.initialWeights, i);
    writeTensor(layer.weight, vector, values);
  });
}
