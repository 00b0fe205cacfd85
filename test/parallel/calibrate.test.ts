/** Calibrated weights, judged by the float64 network on the rows that they were calibrated on. */
import { describe, expect, it } from 'vitest';
import { forward } from '../../src/check/network.js';
import type { KernelName } from '../../src/kernels/kernels.js';
import { chooseKernels } from '../../src/kernels/load.js';
import { initialiseParameters } from '../../src/nn/init.js';
import { readTensor, rowWidth } from '../../src/nn/network.js';
import { createInlineStep } from '../../src/parallel/inline.js';
import { BASE, makeDataset, makePlan, type TestRun } from './fixtures.js';

const RUN: TestRun = {
  ...BASE,
  sizes: [5, 24, 17, 2],
  activation: 'mish',
  rows: 700,
  batchSize: 128,
  pieces: { blend: true, inputScale: true, periodic: 3, embeddings: [4] },
};
/** More than a block of rows, in an order of their own. */
const SLOTS = Uint32Array.from({ length: 600 }, (_, i) => (i * 37) % 700);

function calibrated(run: TestRun, { slots = SLOTS, seed = 4, workers = 1, kernels = 'wasm-fma' as KernelName } = {}) {
  const plan = makePlan(run, workers);
  const dataset = makeDataset(run);
  const step = createInlineStep(plan, chooseKernels(kernels), dataset);
  initialiseParameters(plan.network, seed, step.parameters);
  step.calibrate(slots, seed);
  return { network: plan.network, parameters: step.parameters, dataset };
}

/** Per layer: its products for the rows, without the bias, and the bias. */
function productsOf({ network, parameters, dataset }: ReturnType<typeof calibrated>, slots: Uint32Array) {
  const width = rowWidth(network);
  const stored = new Float32Array(dataset.pieces[0]);
  const x = Float64Array.from({ length: slots.length * width }, (_, i) => {
    return stored[slots[Math.floor(i / width)] * dataset.layout.stride + (i % width)];
  });
  const flat = Float64Array.from(network.tensors.flatMap((tensor) => [...readTensor(tensor, parameters)]));
  const { pre } = forward(network, flat, x, slots.length);
  return network.layers.map(({ bias, outputs }, layer) => {
    const biases = readTensor(bias, parameters);
    return { outputs, biases, z: pre[layer].map((value, i) => value - biases[i % outputs]) };
  });
}

const column = (z: Float64Array, outputs: number, o: number): Float64Array => z.filter((_, i) => i % outputs === o);

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length);
}

describe('calibrated weights', () => {
  it('give every product of every layer standard deviation 1 on their rows, within 1e-4', () => {
    for (const { z, outputs } of productsOf(calibrated(RUN), SLOTS)) {
      for (let o = 0; o < outputs; o++) expect(Math.abs(deviation(column(z, outputs, o)) - 1)).toBeLessThan(1e-4);
    }
  });

  it('put each bias among the negated products, each in a place of its own', () => {
    for (const { z, outputs, biases } of productsOf(calibrated(RUN), SLOTS)) {
      expect(new Set(biases).size).toBe(outputs);
      biases.forEach((bias, o) => {
        const products = column(z, outputs, o);
        expect(-bias).toBeGreaterThanOrEqual(Math.min(...products) - 1e-5);
        expect(-bias).toBeLessThanOrEqual(Math.max(...products) + 1e-5);
      });
    }
  });

  it('are the same bits for any number of workers and for native kernels, and others for another seed', () => {
    const one = calibrated(RUN).parameters;
    expect(calibrated(RUN, { workers: 3 }).parameters).toEqual(one);
    expect(calibrated(RUN, { kernels: chooseKernels('auto').name }).parameters).toEqual(one);
    expect(calibrated(RUN, { seed: 5 }).parameters).not.toEqual(one);
  });

  it('keep their size where all rows are alike', () => {
    const { parameters, network } = calibrated(RUN, { slots: new Uint32Array(300).fill(7) });
    const weights = readTensor(network.layers[1].weight, parameters);
    expect(deviation(Float64Array.from(weights))).toBeCloseTo(1, 0);
    expect(parameters.every(Number.isFinite)).toBe(true);
  });

  it('suit a linear model of one output', () => {
    const [{ z }] = productsOf(calibrated({ ...RUN, sizes: [5, 1] }), SLOTS);
    expect(deviation(z)).toBeCloseTo(1, 4);
  });
});
