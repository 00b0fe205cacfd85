/**
 * Initial weights. Of layers: He's uniform rule, W ~ U(-a, a) with a = gain * sqrt(3 / fan in), biases 0; the output layer has gain
 * 1. Learned scales and blends start at 1, where they change nothing; norms with scale 1 and shift 0; embeddings at N(0, 1); periodic functions as in RealMLP, with
 * frequencies 0.1 N(0, 1), phases U(-pi, pi), and what weighs them U(-1/4, 1/4). All a pure function of the seed, the tensor and the
 * element's index in the unpadded tensor.
 *
 * Sources: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10 (fan in), in its uniform form; Holzmueller,
 * Grinsztajn, Steinwart, "Better by default", NeurIPS 2024.
 */
import { fillUniform, PURPOSE } from '../random/philox.js';
import { ACTIVATIONS } from './activations/index.js';
import { fillNormal } from './draws.js';
import { type Network, PERIODIC_FREQUENCIES, type Tensor, writeTensor } from './network.js';

const PERIODIC_SIGMA = 0.1;

/** Fills a parameter-sized vector of zeros. */
export function initialiseParameters(network: Network, seed: number, vector: Float32Array): void {
  network.layers.forEach((layer, i) => {
    const isOutput = i === network.layers.length - 1;
    const gain = isOutput ? 1 : ACTIVATIONS[network.activation].gain;
    const values = new Float32Array(layer.inputs * layer.outputs);
    fillUniform(values, gain * Math.sqrt(3 / layer.inputs), seed, PURPOSE.initialWeights, i);
    writeTensor(layer.weight, vector, values);
    if (layer.norm !== null) writeTensor(layer.norm.scale, vector, ones(layer.norm.scale));
    if (layer.blend !== null) writeTensor(layer.blend, vector, ones(layer.blend));
  });
  if (network.scale !== null) writeTensor(network.scale, vector, ones(network.scale));
  if (network.derived === null) return;
  const { periodic, embeddings } = network.derived;
  embeddings.forEach((tensor, i) => {
    const values = sized(tensor);
    fillNormal(values, seed, PURPOSE.initialEmbeddings, i);
    writeTensor(tensor, vector, values);
  });
  if (periodic === null) return;
  const frequencies = sized(periodic.frequency);
  fillNormal(frequencies, seed, PURPOSE.initialPeriodic, 0);
  writeTensor(
    periodic.frequency,
    vector,
    frequencies.map((w) => PERIODIC_SIGMA * w),
  );
  const bound = 1 / Math.sqrt(PERIODIC_FREQUENCIES);
  const uniform: readonly [Tensor, number][] = [
    [periodic.phase, Math.PI],
    [periodic.weight, bound],
    [periodic.bias, bound],
  ];
  uniform.forEach(([tensor, most], i) => {
    const values = sized(tensor);
    fillUniform(values, most, seed, PURPOSE.initialPeriodic, 1 + i);
    writeTensor(tensor, vector, values);
  });
}

const sized = ({ rows, columns }: Tensor): Float32Array => new Float32Array(rows * columns);
const ones = (tensor: Tensor): Float32Array => sized(tensor).fill(1);
