/** Runs of ours and of peers, each a process that prints one line of JSON at its end. */
import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The last line of a program's output as JSON; throws what it said where it failed. */
async function lastLine(program, args) {
  const { stdout } = await run(program, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** @param config of a run; see train-once.mjs for what comes back */
export const trainOnce = (config) => lastLine(process.execPath, [beside('train-once.mjs'), JSON.stringify(config)]);

/** The models that a python has the packages for. */
export const peersOf = (python) => lastLine(python, [beside('peers.py'), '--list']);

/** @returns test scores and CPU seconds of a peer with its defaults */
export const peerOnce = (python, model, table, seed) =>
  lastLine(python, [beside('peers.py'), model, JSON.stringify(table), String(seed)]);

/** What a table is scored by: less is better. */
export const mainScore = (metrics) => ('rmse' in metrics ? 'rmse' : 'logLoss');

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
