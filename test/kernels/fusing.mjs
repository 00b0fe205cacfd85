/** A worker that instantiates a posted module and posts the rest of a multiply-add: 2^-24 when it fuses, else 0. */
import { parentPort, workerData } from 'node:worker_threads';

const memory = new WebAssembly.Memory({ initial: 20, maximum: 20, shared: true });
const { gemmNN } = new WebAssembly.Instance(workerData, { env: { memory } }).exports;
const floats = new Float32Array(memory.buffer);
const [a, b, c, workspace] = [0, 1024, 2048, 65536];
const x = 1 + 2 ** -12;
floats.set([1, x], a / 4);
floats[b / 4] = -(1 + 2 ** -11);
floats[b / 4 + 8] = x;
gemmNN(4, 8, 2, a, 2, b, 8, c, 8, 0, 0, workspace);
parentPort.postMessage(floats[c / 4]);
