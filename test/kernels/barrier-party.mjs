/**
 * One thread of the barrier tests: passes `rounds` barriers, and around each one checks that everybody has entered it
 * and nobody is more than one ahead. Posts { returned, broken }: the last return value, and the rounds seen broken.
 */
import { parentPort, workerData } from 'node:worker_threads';

const { module, memory, word, board, index, parties, rounds, spins } = workerData;
const { barrier } = new WebAssembly.Instance(module, { env: { memory } }).exports;
/** board[i]: the round that party i has entered. */
const entered = new Int32Array(memory.buffer, board, parties);

let returned = 0;
let broken = 0;
for (let round = 1; round <= rounds && returned === 0; round++) {
  Atomics.store(entered, index, round);
  returned = barrier(word, parties, spins);
  if (returned !== 0) break;
  for (let i = 0; i < parties; i++) {
    const other = Atomics.load(entered, i);
    if (other < round || other > round + 1) broken++;
  }
}
parentPort.postMessage({ returned, broken });
