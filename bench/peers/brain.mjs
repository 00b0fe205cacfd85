/**
 * brain.js, one thread: node brain.mjs MODULES. It updates after every row, so its losses are not those of the others; what is timed
 * is passes over the same rows, counted in batches.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { stepOperations } from '../nets.mjs';
import { serve } from './serve.mjs';

const load = createRequire(join(process.argv[2], 'node_modules', 'x.js'));
const { NeuralNetwork } = load('brain.js');
const { version } = load('brain.js/package.json');

const rowsOf = (path, width, count) => {
  const bytes = readFileSync(path);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return Array.from({ length: count }, (_, r) => values.slice(r * width, (r + 1) * width));
};

await serve(async ({ sizes, batch, rate, files }) => {
  const count = Math.max(1, Math.min(batch, Math.round((2e6 * batch) / stepOperations({ sizes, batch }))));
  const inputs = rowsOf(files.x, sizes[0], count);
  const targets = rowsOf(files.y, sizes.at(-1), count);
  const net = new NeuralNetwork({
    hiddenLayers: sizes.slice(1, -1),
    activation: 'leaky-relu',
    learningRate: rate / 10,
  });
  const rows = inputs.map((input, r) => ({ input, output: targets[r] }));
  const options = { iterations: 1, errorThresh: 1e-12, log: false, learningRate: rate / 10 };
  return {
    version,
    losses: () => [],
    chunk() {
      net.train(rows, options);
      return count / batch;
    },
  };
});
