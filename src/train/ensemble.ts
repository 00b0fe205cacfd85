/**
 * Several networks as one model. Each member is a training of its own: another seed, so other held-out rows, other first weights,
 * another order. What they say is averaged, in their order and by their shares: values in units of the target, or probabilities of
 * classes (Lakshminarayanan, Pritzel & Blundell, "Simple and scalable predictive uncertainty estimation using deep ensembles", 2017).
 */
import type { Task } from '../nn/losses/loss.js';
import { PURPOSE, philox } from '../random/philox.js';
import type { Metrics } from './metrics.js';

/** Outputs of rows: values, or logits. */
export type Outputs = Float32Array | Float64Array;

/**
 * The seed of a member. The first has the run's own, so that a run of one member is the first of any ensemble.
 *
 * @param index counted from 0
 */
export function memberSeed(seed: number, index: number): number {
  if (index === 0) return seed;
  const words = new Uint32Array(4);
  philox(words, seed >>> 0, Math.floor(seed / 2 ** 32), PURPOSE.member, index, 0, 0);
  return (words[0] & 0x1fffff) * 2 ** 32 + words[1];
}

/**
 * The mean of the networks' outputs. Of classes, the probabilities are averaged, and given back as logits again: their logarithms,
 * or of two classes that share one output, the logarithm of their ratio. Nothing underflows on the way.
 *
 * @param networks outputs [rows, width] row-major of each
 * @param shares what each counts, relative to the others
 */
export function averageOutputs(
  networks: readonly Outputs[],
  shares: readonly number[],
  width: number,
  task: Task,
): Outputs {
  const [first] = networks;
  if (networks.length === 1) return first;
  const total = shares.reduce((sum, share) => sum + share, 0);
  const mean = new Float64Array(first.length);
  if (task === 'regression') {
    networks.forEach((outputs, n) => {
      for (let i = 0; i < mean.length; i++) mean[i] += shares[n] * outputs[i];
    });
    return mean.map((sum) => sum / total);
  }
  const logits = networks.map((outputs) => (width === 1 ? withFirstClass(outputs) : outputs));
  const classes = Math.max(2, width);
  const logs = new Float64Array((mean.length / width) * classes);
  const row = new Float64Array(networks.length);
  const normalisers = logits.map((z) => logNormalisers(z, classes));
  const logShares = shares.map((share) => Math.log(share / total));
  for (let i = 0; i < logs.length; i++) {
    const r = Math.floor(i / classes);
    for (let n = 0; n < row.length; n++) row[n] = logits[n][i] - normalisers[n][r] + logShares[n];
    logs[i] = logSumExp(row, 0, row.length);
  }
  return width === 1 ? mean.map((_, r) => logs[2 * r + 1] - logs[2 * r]) : logs;
}

/** Probabilities [rows, classes] of logits [rows, width]; two classes can share one output. */
export function classProbabilities(outputs: Outputs, width: number): Float64Array {
  const classes = Math.max(2, width);
  const logits = width === 1 ? withFirstClass(outputs) : outputs;
  const normalisers = logNormalisers(logits, classes);
  return Float64Array.from(logits, (z, i) => Math.exp(z - normalisers[Math.floor(i / classes)]));
}

/** Scores of members, each on the rows that it held out, as one: their means. A score that one of them lacks is null. */
export function meanMetrics(members: readonly Metrics[]): Metrics {
  const records = members as unknown as readonly Readonly<Record<string, number | null>>[];
  const means = Object.keys(records[0]).map((name): [string, number | null] => {
    const values = records.map((record) => record[name]);
    const sum = values.reduce<number | null>((all, value) => (all === null || value === null ? null : all + value), 0);
    return [name, sum === null ? null : sum / values.length];
  });
  return Object.fromEntries(means) as unknown as Metrics;
}

/** One logit a row becomes two: 0 for the first class. */
function withFirstClass(logits: Outputs): Float64Array {
  const both = new Float64Array(2 * logits.length);
  for (let r = 0; r < logits.length; r++) both[2 * r + 1] = logits[r];
  return both;
}

function logNormalisers(logits: Outputs, classes: number): Float64Array {
  const all = new Float64Array(logits.length / classes);
  for (let r = 0; r < all.length; r++) all[r] = logSumExp(logits, r * classes, classes);
  return all;
}

/** ln(sum of e^z). */
function logSumExp(z: Outputs, start: number, count: number): number {
  let greatest = z[start];
  for (let i = 1; i < count; i++) greatest = Math.max(greatest, z[start + i]);
  if (greatest === Number.NEGATIVE_INFINITY) return greatest;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(z[start + i] - greatest);
  return greatest + Math.log(sum);
}
