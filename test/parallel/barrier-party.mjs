/**
 * One thread of the barrier tests: passes `rounds` barriers, and after each one checks that everybody has entered it and
 * nobody is more than one ahead. Posts { passed, broken }: the last return value, and the rounds seen broken.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { meet } from '../../dist/src/parallel/barrier.js';
import { createPatience } from '../../dist/src/parallel/patience.js';

const { buffer, word, board, index, parties, rounds, spins } = workerData;
const barrier = { words: new Int32Array(buffer), at: word };
/** entered[i]: the round that party i has entered. */
const entered = new Int32Array(buffer, board * 4, parties);

const patience = createPatience(spins);
let passed = true;
let broken = 0;
for (let round = 1; round <= rounds && passed; round++) {
  Atomics.store(entered, index, round);
  passed = meet(barrier, parties, patience);
  if (!passed) break;
  for (let i = 0; i < parties; i++) {
    const other = Atomics.load(entered, i);
    if (other < round || other > round + 1) broken++;
  }
}
parentPort.postMessage({ passed, broken });
