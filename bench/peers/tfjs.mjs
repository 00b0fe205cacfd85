/** TensorFlow.js on its WebAssembly backend, one thread (it has no threads outside browsers): node tfjs.mjs MODULES */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { stepOperations } from '../nets.mjs';
import { serve } from './serve.mjs';

const load = createRequire(join(process.argv[2], 'node_modules', 'x.js'));
const tf = load('@tensorflow/tfjs-core');
const { setWasmPaths } = load('@tensorflow/tfjs-backend-wasm');
setWasmPaths(join(load.resolve('@tensorflow/tfjs-backend-wasm/package.json'), '..', 'dist/'));
await tf.setBackend('wasm');

const floats = (path) => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
};

await serve(async ({ sizes, batch, steps, rate, files }) => {
  tf.disposeVariables();
  const x = floats(files.x);
  const y = floats(files.y);
  const initial = floats(files.weights);
  const [inputs, outputs] = [sizes[0], sizes.at(-1)];
  const all = [tf.tensor2d(x, [steps * batch, inputs]), tf.tensor2d(y, [steps * batch, outputs])];
  let shuffled = null;
  // Gradients by hand: its core alone has none for the mean, and these are what its own would call.
  const open = () => {
    let at = 0;
    const take = (shape) => {
      const length = shape.reduce((product, n) => product * n, 1);
      at += length;
      return tf.variable(tf.tensor(initial.slice(at - length, at), shape));
    };
    const layers = sizes.slice(1).map((width, i) => [take([sizes[i], width]), take([width])]);
    return (input, target) =>
      tf.tidy(() => {
        const values = [input];
        layers.forEach(([weight, bias], i) => {
          const sum = tf.add(tf.matMul(values[i], weight), bias);
          values.push(i < layers.length - 1 ? tf.relu(sum) : sum);
        });
        const error = tf.sub(values.at(-1), target);
        let delta = tf.mul(error, 2 / (batch * outputs));
        for (let i = layers.length - 1; i >= 0; i--) {
          const [weight, bias] = layers[i];
          const gradient = tf.matMul(values[i], delta, true, false);
          const biasGradient = tf.sum(delta, 0);
          if (i > 0) {
            const active = tf.cast(tf.greater(values[i], 0), 'float32');
            delta = tf.mul(tf.matMul(delta, weight, false, true), active);
          }
          weight.assign(tf.sub(weight, tf.mul(gradient, rate)));
          bias.assign(tf.sub(bias, tf.mul(biasGradient, rate)));
        }
        return tf.mean(tf.square(error));
      });
  };
  const step = open();
  const perChunk = Math.max(1, Math.min(steps, Math.round(2e8 / stepOperations({ sizes, batch }))));
  let next = 0;
  const slice = (rows, k, width) => tf.slice(rows, [k * batch, 0], [batch, width]);
  const train = (own, k, [rows, wanted]) => tf.tidy(() => own(slice(rows, k, inputs), slice(wanted, k, outputs)));
  return {
    version: `${tf.version_core} wasm`,
    losses(count) {
      const own = open();
      return Array.from({ length: count }, (_, k) => {
        const loss = train(own, k, all);
        const [value] = loss.dataSync();
        loss.dispose();
        return value;
      });
    },
    chunk() {
      for (let i = 0; i < perChunk; i++, next++) {
        if (next % steps === 0) {
          tf.dispose(shuffled);
          const order = tf.tensor1d(Int32Array.from(tf.util.createShuffledIndices(steps * batch)), 'int32');
          shuffled = all.map((rows) => tf.gather(rows, order));
          order.dispose();
        }
        train(step, next % steps, shuffled).dispose();
      }
      return perChunk;
    },
    end: () => tf.dispose([all, shuffled]),
  };
});
