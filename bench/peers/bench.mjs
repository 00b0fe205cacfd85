/**
 * Training steps of paragrad next to those of other libraries: the same networks, rows, batches, first weights, threads.
 *
 * Each peer is a process that computes only when asked. First, where the peer does the same arithmetic, the losses of its first
 * steps must be those of paragrad to 1 in 1000. Then all are warmed up, and timed in turn, round after round; medians of rows/s
 * and of the ratios within a round go to bench/results.md, with the machine and the versions.
 * Every epoch visits the rows in a new random order, which each peer draws in its own fastest way. paragrad takes as many workers
 * as --workers auto would, up to the threads of the others.
 *
 *   npm run bench:peers -- --python PATH --modules DIR
 *
 *   --python PATH      an interpreter with torch, jax and scikit-learn (default: python3)
 *   --modules DIR      a folder with node_modules of tfjs and brain.js (default: build/peers)
 *   --rounds N --ms N  rounds (default 7), and how long a peer runs in each (default 300)
 *   --nets 1,2,3,4     some of the networks
 *   --threads 2,1      numbers of threads
 *   --isa all,avx2     with all instructions that the processor has, and with all peers held to 256-bit vectors (default: all)
 *   --only TEXT,…      peers whose names contain one of these, and paragrad
 *   --out FILE         where the table goes (default: bench/results.md)
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../nets.mjs';
import { problemOf, writeProblem } from './problem.mjs';
import { describeMachine, fastestOf, markdown, titleOf } from './results.mjs';
import { rosterOf, startPeer } from './roster.mjs';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    modules: { type: 'string', default: 'build/peers' },
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '300' },
    nets: { type: 'string', default: '1,2,3,4' },
    threads: { type: 'string', default: '2,1' },
    isa: { type: 'string', default: 'all' },
    only: { type: 'string' },
    out: { type: 'string', default: 'bench/results.md' },
  },
});
const ROUNDS = Number(flags.rounds);
const MS = Number(flags.ms);
const WARM_UP_MS = 700;
/** Steps whose losses are compared, and how far they may be apart. */
const COMPARED = 20;
const TOLERANCE = 1e-3;

const wanted = flags.only?.split(',').map((name) => name.toLowerCase());
const roster = (instructions) =>
  rosterOf(flags.python, flags.modules, instructions).filter(
    ({ name, own }) => own || wanted === undefined || wanted.some((part) => name.toLowerCase().includes(part)),
  );
const settings = flags.isa
  .split(',')
  .flatMap((instructions) => flags.threads.split(',').map((threads) => ({ instructions, threads: Number(threads) })));
const missing = new Set();

/** A peer that cannot take part is said once, with what to install. */
function leaveOut(entry, error) {
  if (missing.has(entry.name)) return;
  missing.add(entry.name);
  const advice = entry.install === undefined ? '' : `\n  to install it: ${entry.install}`;
  console.error(`without ${entry.name}: ${error}${advice}`);
}

/** The mean of the losses differs by more than the tolerance, or any of them, where the peer gives each. */
function disagreement(losses, reference) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const flat = losses.every((loss) => loss === losses[0]);
  const pairs = flat ? [[losses[0], mean(reference)]] : losses.map((loss, i) => [loss, reference[i]]);
  const worst = Math.max(...pairs.map(([a, b]) => Math.abs(a / b - 1)));
  return worst <= TOLERANCE ? null : `its losses are ${(100 * worst).toPrecision(2)}% off`;
}

/** Sets peers up for a net; gives those whose losses are right. */
async function ready(peers, problem, threads) {
  let reference = null;
  const able = [];
  for (const { entry, peer } of peers) {
    try {
      const { version } = await peer.ask({ command: 'setup', net: { ...problem, threads } });
      const { losses } = await peer.ask({ command: 'losses', count: COMPARED });
      reference ??= losses;
      const wrong = entry.otherMaths ? null : disagreement(losses, reference);
      if (wrong !== null) throw new Error(wrong);
      await peer.ask({ command: 'run', ms: WARM_UP_MS });
      able.push({ entry, peer, version, rates: [] });
    } catch (error) {
      leaveOut(entry, error.message);
    }
  }
  return able;
}

const folder = mkdtempSync(join(tmpdir(), 'paragrad-peers-'));
const sections = [];
const versions = new Map();
try {
  const indices = flags.nets.split(',').map((net) => Number(net) - 1);
  const problems = indices.map((index) => writeProblem(index, folder));
  for (const { instructions, threads } of settings) {
    const peers = [];
    for (const entry of roster(instructions)) {
      if (entry.missing) leaveOut(entry, 'not installed');
      else peers.push({ entry, peer: startPeer(entry, threads, instructions) });
    }
    for (const problem of problems) {
      const able = await ready(peers, problem, threads);
      for (let round = 0; round < ROUNDS; round++) {
        for (const { peer, rates } of able) {
          const { steps, seconds } = await peer.ask({ command: 'run', ms: MS });
          rates.push((steps * problem.batch) / seconds);
        }
      }
      for (const { entry, version } of able) versions.set(entry.name.split(' ')[0], version);
      const rows = able.map(({ entry, rates }) => ({
        name: entry.name,
        own: entry.own === true,
        rate: median(rates),
        ratios: able
          .filter((one) => one.entry.own)
          .map((own) => ({ to: own.entry.name, ratio: median(own.rates.map((rate, i) => rate / rates[i])) })),
      }));
      const section = { ...problemOf(problem.index), title: titleOf(threads, instructions), rows };
      sections.push(section);
      console.log(`${section.sizes.join('-')}, batch ${section.batch}, ${section.title}`);
      for (const { name, rate } of rows) console.log(`  ${name.padEnd(18)} ${rate.toExponential(2)} rows/s`);
      for (const [own, { name, ratio }] of fastestOf(section)) console.log(`  ${own}: ${ratio.toFixed(2)}x ${name}`);
    }
    for (const { peer } of peers) peer.end();
  }
} finally {
  rmSync(folder, { recursive: true });
}
writeFileSync(flags.out, markdown(sections, describeMachine(), versions, { rounds: ROUNDS, ms: MS }));
console.log(`written to ${flags.out}`);
