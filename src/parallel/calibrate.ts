/**
 * Calibrated initial weights: layer by layer, weights N(0, 1) of which each column is scaled so that its product has standard deviation
 * 1 on some training rows; biases are minus a random convex combination of five of these products, so that every unit has its kink
 * among the rows. Source: RealMLP's "std" weights and "he+5" biases (Holzmueller et al., NeurIPS 2024).
 *
 * One thread does it, on worker 0's buffers, with sums in float64 in the order of the rows: no bit depends on workers. A column that is
 * the same on all rows keeps its weights.
 */
import type { Gather } from '../data/batches.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Views } from '../memory/views.js';
import { fillNormal, simplexWeights } from '../nn/draws.js';
import { type DenseLayer, writeTensor } from '../nn/network.js';
import { draw, PURPOSE } from '../random/philox.js';
import { createForward } from './forward.js';
import { BLOCK_ROWS, type ForwardPlan } from './plan.js';

/** Training rows that are looked at, at most. */
export const CALIBRATION_ROWS = 4096;
/** Corners of the simplex that a bias is drawn from. */
const CORNERS = 5;
const TWO_POW_MINUS_32 = 1 / 0x100000000;

/**
 * Overwrites weights and biases of all layers; other tensors stay as they are.
 *
 * @param slots of the rows in the dataset of `gather`, at least one
 * @param seed of the weights
 */
export function calibrate(
  plan: ForwardPlan,
  views: Views,
  kernels: Kernels,
  gather: Gather,
  slots: Uint32Array,
  seed: number,
): void {
  const { network, layout } = plan;
  const [own] = layout.workers;
  const start = layout.parameters / 4;
  const vector = views.f32.subarray(start, start + network.parameters);
  const forward = createForward(plan, 0, views, kernels, layout.parameters);
  const { inputStride } = network.layers[0];

  /** [rows, O] of the layer's product, its bias included. */
  function products(layer: number): Float32Array {
    const { outputs, outputStride } = network.layers[layer];
    const out = new Float32Array(slots.length * outputs);
    for (let row = 0; row < slots.length; row += BLOCK_ROWS) {
      const block = slots.subarray(row, row + BLOCK_ROWS);
      gather(block, block.length, views.f32, own.input / 4, inputStride, views.f32, own.targets / 4, null, 0);
      forward(block.length, layer);
      for (let r = 0; r < block.length; r++) {
        const from = own.outputs[layer] / 4 + r * outputStride;
        out.set(views.f32.subarray(from, from + outputs), (row + r) * outputs);
      }
    }
    return out;
  }

  network.layers.forEach((layer, i) => {
    const weights = new Float32Array(layer.inputs * layer.outputs);
    fillNormal(weights, seed, PURPOSE.calibratedWeights, i);
    writeTensor(layer.weight, vector, weights);
    writeTensor(layer.bias, vector, new Float32Array(layer.outputs));
    const z = products(i);
    const scales = columnScales(z, layer.outputs);
    writeTensor(
      layer.weight,
      vector,
      weights.map((w, at) => w * scales[at % layer.outputs]),
    );
    writeTensor(layer.bias, vector, biases(z, scales, layer, seed, i));
  });
}

/** 1 / standard deviation of each column of z[rows, columns]; 1 where it is 0. */
function columnScales(z: Float32Array, columns: number): Float64Array {
  const rows = z.length / columns;
  const means = new Float64Array(columns);
  for (let at = 0; at < z.length; at++) means[at % columns] += z[at];
  for (let c = 0; c < columns; c++) means[c] /= rows;
  const squares = new Float64Array(columns);
  for (let at = 0; at < z.length; at++) {
    const distance = z[at] - means[at % columns];
    squares[at % columns] += distance * distance;
  }
  return squares.map((sum) => (sum > 0 ? 1 / Math.sqrt(sum / rows) : 1));
}

/** Minus a random convex combination of CORNERS scaled products of each unit. */
function biases(
  z: Float32Array,
  scales: Float64Array,
  { outputs }: DenseLayer,
  seed: number,
  stream: number,
): Float64Array {
  const rows = z.length / outputs;
  const words = new Uint32Array(4);
  const draws = Math.ceil((2 * CORNERS) / words.length);
  return scales.map((scale, unit) => {
    const drawn: number[] = [];
    for (let j = 0; j < draws; j++) {
      draw(words, seed, PURPOSE.calibratedBiases, stream, unit * draws + j);
      drawn.push(...words);
    }
    const shares = simplexWeights(drawn.slice(CORNERS, 2 * CORNERS));
    return shares.reduce((sum, share, k) => {
      const row = Math.floor(drawn[k] * TWO_POW_MINUS_32 * rows);
      return sum - share * scale * z[row * outputs + unit];
    }, 0);
  });
}
