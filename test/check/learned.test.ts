/** The float64 reference of networks with learned pieces: its gradient by differences, and the kernels by it. */
import { describe, expect, it } from 'vitest';
import { createDraws } from '../../src/check/draws.js';
import { checkGradient } from '../../src/check/gradient-check.js';
import { kernelGradient, largestError } from '../../src/check/kernel-check.js';
import { builtInLoss, createObjective } from '../../src/check/objective.js';
import { parameterCount } from '../../src/check/tensors.js';
import { chooseKernels } from '../../src/kernels/load.js';
import { ACTIVATIONS, type ActivationName } from '../../src/nn/activations/index.js';
import { LOSS_DEFAULTS } from '../../src/nn/losses/loss.js';
import { denseNetwork, type NetworkSpec, rowWidth } from '../../src/nn/network.js';

const ROWS = 40;
const PIECES: Record<string, Partial<NetworkSpec>> = {
  blend: { blend: true },
  'input scale': { inputScale: true },
  periodic: { periodic: 2 },
  embeddings: { embeddings: [4, 9] },
  residual: { sizes: [3, 6, 6, 6, 4, 4, 2], residual: true },
  'layer norm': { layerNorm: true },
  'residual blocks with all else': {
    sizes: [3, 6, 6, 6, 2],
    residual: true,
    layerNorm: true,
    blend: true,
    inputScale: true,
    periodic: 2,
    embeddings: [5],
  },
  all: { blend: true, inputScale: true, periodic: 3, embeddings: [5] },
  'all before a linear output': { sizes: [3, 1], inputScale: true, periodic: 3, embeddings: [5] },
};
const cases = Object.entries(PIECES).flatMap(([name, pieces]) =>
  (Object.keys(ACTIVATIONS) as ActivationName[]).map((activation) => ({ name, pieces, activation })),
);

function problem(network: NetworkSpec) {
  const draws = createDraws(5);
  const width = rowWidth(network);
  const parameters = draws.vector(parameterCount(network), -0.7, 0.7).map(Math.fround);
  const x = draws.vector(ROWS * width, -1.5, 1.5).map(Math.fround);
  for (let r = 0; r < ROWS; r++) {
    network.embeddings.forEach((values, e) => {
      x[r * width + network.sizes[0] + e] = draws.below(values + 1) - 1;
    });
  }
  const outputs = network.sizes[network.sizes.length - 1];
  const y = draws.vector(ROWS * outputs, -2, 2).map(Math.fround);
  const loss = builtInLoss('mse', outputs, 'mean', LOSS_DEFAULTS);
  return { draws, parameters, x, y, objective: createObjective({ network, rows: ROWS, x, y, loss, penalty: null }) };
}

describe.each(cases)('$name with $activation', ({ pieces, activation }) => {
  const network = { ...denseNetwork([3, 6, 5, 2], activation), ...pieces };

  it('has the gradient of its loss, and the kernels have it within 1e-4 of the largest of each tensor', () => {
    const { draws, parameters, x, y, objective } = problem(network);
    const { verdict, findings } = checkGradient(objective, parameters, { perTensor: 8, draws, verify: 'again' });
    expect({ verdict, findings }).toEqual({ verdict: 'right', findings: [] });
    const trained = kernelGradient(
      { network, loss: 'mse', constants: LOSS_DEFAULTS, rows: ROWS, x, y, l2: 0 },
      parameters,
      chooseKernels('auto'),
    );
    expect(largestError(network, trained, objective.gradient(parameters))).toBeLessThanOrEqual(1e-4);
  });
});
