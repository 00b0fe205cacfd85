/** A worker that instantiates the kernels that it is sent, and posts the rest of a multiply-add: 2^-24 when it fuses, else 0. */
import { parentPort, workerData } from 'node:worker_threads';

const { instantiateKernels } = await import(workerData.load);
const memory = new WebAssembly.Memory({ initial: 20, maximum: 20, shared: true });
const { gemmNN } = instantiateKernels(workerData.source, memory);
const floats = new Float32Array(memory.buffer);
// large enough for the addon, where there is one; the first element is 1 * -(1 + 2^-11) + x * x
const [m, n, k] = [256, 16, 4];
const [a, b, c, workspace] = [0, 8192, 16384, 65536];
const x = 1 + 2 ** -12;
floats.set([1, x], a / 4);
floats[b / 4] = -(1 + 2 ** -11);
floats[b / 4 + n] = x;
gemmNN(m, n, k, a, k, b, n, c, n, 0, 0, workspace);
parentPort.postMessage(floats[c / 4]);
