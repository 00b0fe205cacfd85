/**
 * What all peers train on, as files of raw float32: the rows in the order in which paragrad visits them in its first epoch, so that
 * losses can be compared, and the same initial weights.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGather } from '../../dist/src/data/batches.js';
import { createOrder, planOrder } from '../../dist/src/data/order.js';
import { initialiseParameters } from '../../dist/src/nn/init.js';
import { denseNetwork, planNetwork, readTensor } from '../../dist/src/nn/network.js';
import { NETS, stepOperations } from '../nets.mjs';
import { makeDataset } from '../runner.mjs';

const MOST_STEPS = 400;
/** Operations of an epoch, about: a quarter of a second of a fast core. */
const EPOCH_OPERATIONS = 4e10;

/** Steps of an epoch. */
function stepsOf(net) {
  return Math.max(20, Math.min(MOST_STEPS, Math.round(EPOCH_OPERATIONS / stepOperations(net))));
}

/** A net with its number of rows, for paragrad. */
export function problemOf(index) {
  const net = NETS[index];
  const steps = stepsOf(net);
  return { index, ...net, steps, rows: steps * net.batch };
}

/** Writes a net's files into a folder, and says where they are. */
export function writeProblem(index, folder) {
  const problem = problemOf(index);
  const { sizes, rows } = problem;
  const dataset = makeDataset(sizes, rows);
  const slots = new Uint32Array(rows);
  createOrder({ plan: planOrder(rows, dataset.layout.stride), seed: 0, epoch: 0, ring: null }).fill(slots, 0, rows);
  const x = new Float32Array(rows * sizes[0]);
  const y = new Float32Array(rows * sizes.at(-1));
  createGather(dataset)(slots, rows, x, 0, sizes[0], y, 0, null, 0);
  const network = planNetwork(denseNetwork(sizes, 'relu'));
  const vector = new Float32Array(network.parameters);
  initialiseParameters(network, 0, vector);
  const files = {};
  const save = (name, parts) => {
    files[name] = join(folder, `${index}-${name}.f32`);
    writeFileSync(files[name], Buffer.concat(parts.map((part) => Buffer.from(part.buffer))));
  };
  save('x', [x]);
  save('y', [y]);
  save(
    'weights',
    network.tensors.map((tensor) => readTensor(tensor, vector)),
  );
  return { ...problem, files };
}
