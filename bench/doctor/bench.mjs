/**
 * How well the doctor names what is wrong: every fault of faults.mjs is planted in every table that it fits, alone and in
 * pairs, beside the same tables without a fault. Prints recall and precision for each fault and overall.
 *
 *   recall     planted faults that were named
 *   precision  findings (errors and warnings) that name a planted fault; a fault's consequences count neither way
 *
 *   npm run bench:doctor                                 the generated tables
 *   npm run bench:doctor -- FILE:TARGET [FILE:TARGET …]  and these on disk, healthy only
 *   npm run bench:doctor -- --only single,pairs          some of healthy, single, everyday, forum and pairs
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Float64, tableFromArrays, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { openTable } from '../../dist/src/data/open.js';
import { doctor } from '../../dist/src/doctor/doctor.js';
import { openSubject } from '../../dist/src/doctor/subject.js';
import { resolveConfig } from '../../dist/src/train/config.js';
import { writeSafetensors } from '../../dist/src/train/safetensors.js';
import { EVERYDAY_FAULTS } from './everyday-faults.mjs';
import { PAIRS, FAULTS as SPECIFIED } from './faults.mjs';
import { FORUM_FAULTS } from './forum-faults.mjs';
import { squares } from './planting.mjs';
import { TABLES } from './tables.mjs';

const FAULTS = { ...SPECIFIED, ...EVERYDAY_FAULTS, ...FORUM_FAULTS };
const folder = await mkdtemp(join(tmpdir(), 'paragrad-doctor-'));
let files = 0;

async function writeTable(columns) {
  const vectors = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [
      name,
      vectorFromArray(values, typeof values[0] === 'number' ? new Float64() : new Utf8()),
    ]),
  );
  const path = join(folder, `table-${files++}.arrow`);
  await writeFile(path, tableToIPC(tableFromArrays(vectors), 'file'));
  return path;
}

/** He's weights spoiled: scaled, all alike, or with a bias in the first layer. */
async function writeInit(config, spoiled) {
  const table = await openTable(config.data);
  try {
    const subject = await openSubject(resolveConfig(config), table);
    const { network } = subject.plan;
    const { parameters } = subject.createTrial().step;
    const tensors = network.tensors.map(({ name, rows, columns, stride, offset }) => {
      const data = new Float32Array(rows * columns);
      for (let i = 0; i < data.length; i++)
        data[i] = parameters[offset + Math.floor(i / columns) * stride + (i % columns)];
      if (name.startsWith('W')) {
        for (let i = 0; i < data.length; i++) data[i] = spoiled.constant ?? data[i] * (spoiled.scale ?? 1);
      } else if (name === (spoiled.biasOf ?? 'b0') && spoiled.bias !== undefined) data.fill(spoiled.bias);
      return { name, shape: name.startsWith('W') ? [rows, columns] : [columns], data };
    });
    const path = join(folder, `init-${files++}.safetensors`);
    await writeSafetensors(path, tensors, {});
    return path;
  } finally {
    await table.close();
  }
}

async function examine(make, names) {
  const subject = structuredClone(make());
  const planted = names.map((name) => FAULTS[name]);
  if (planted.some(({ fits }) => fits && !fits(subject))) return null;
  for (const { plant } of planted) plant(subject);
  const { loss, init, ...options } = subject.options;
  const config = { data: await writeTable(subject.columns), target: subject.target, validation: 0, ...options };
  if (subject.validation !== undefined) config.validation = await writeTable(subject.validation);
  if (loss !== undefined) {
    config.loss = join(folder, `loss-${files++}.mjs`);
    await writeFile(config.loss, squares(loss));
  }
  if (init !== undefined) config.init = await writeInit({ ...config, loss: undefined }, init);
  // What cannot be trained with at all is refused by name: that is a finding, too.
  const refused = ({ code, message }) => ({ findings: [{ code, severity: 'error', message }] });
  const { findings } = await doctor(config).catch(refused);
  return findings.filter(({ severity }) => severity !== 'info');
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;

/** Plants each set of faults in each table. */
async function run(title, sets) {
  const totals = { planted: 0, named: 0, right: 0, said: 0 };
  for (const names of sets) {
    const own = { planted: 0, named: 0, right: 0, said: 0 };
    const notes = [];
    for (const [table, make] of Object.entries(TABLES)) {
      const findings = await examine(make, names);
      if (findings === null) continue;
      const codes = new Set(findings.map(({ code }) => code));
      const expected = names.map((name) => FAULTS[name].expects);
      const entailed = new Set(names.flatMap((name) => FAULTS[name].entails ?? []));
      const missed = expected.filter((any) => !any.some((code) => codes.has(code)));
      const right = [...codes].filter((code) => expected.some((any) => any.includes(code)));
      const wrong = [...codes].filter((code) => !right.includes(code) && !entailed.has(code));
      own.planted += names.length;
      own.named += names.length - missed.length;
      own.right += right.length;
      own.said += right.length + wrong.length;
      if (missed.length > 0) notes.push(`${table}: missed ${missed.map((any) => any[0]).join(', ')}`);
      if (wrong.length > 0) notes.push(`${table}: also said ${wrong.join(', ')}`);
    }
    for (const key of Object.keys(totals)) totals[key] += own[key];
    const label = names.join(' + ').padEnd(52);
    const precision = own.said === 0 ? '-' : percent(own.right / own.said);
    console.log(
      `${label} recall ${percent(own.named / own.planted).padStart(6)}  precision ${precision.padStart(6)}  ${notes.join('; ')}`,
    );
  }
  console.log(
    `${title.padEnd(52)} recall ${percent(totals.named / totals.planted).padStart(6)}  precision ${percent(totals.right / totals.said).padStart(6)}\n`,
  );
}

/** Sound ways to train, on every table. */
const SOUND = {
  'as it is': {},
  'relu, adam': { hidden: [64, 64], activation: 'relu', optimizer: 'adam', learningRate: 2e-3 },
  'tanh, sgd': { hidden: [32], activation: 'tanh', optimizer: 'sgd', learningRate: 0.05 },
  'mish, adamw': { hidden: [64, 64, 64], activation: 'mish', optimizer: 'adamw', learningRate: 1e-3 },
  'selu, nesterov': { hidden: [32, 32], activation: 'selu', optimizer: 'nesterov', learningRate: 0.005 },
  'gelu, rmsprop': { hidden: [48], activation: 'gelu', optimizer: 'rmsprop', learningRate: 1e-3 },
  'dropout and l2': { hidden: [64, 64], dropout: 0.1, l2: 1e-4, learningRate: 2e-3, optimizer: 'adam' },
  'small batches': { hidden: [32, 16], batchSize: 16, learningRate: 1e-3, optimizer: 'adam' },
  clipped: { hidden: [32, 16], clipNorm: 5, learningRate: 0.02, optimizer: 'momentum' },
  linear: { hidden: [], learningRate: 0.01, optimizer: 'adam' },
};

async function runHealthy(given) {
  const counts = { runs: 0, error: 0, warning: 0 };
  const tell = (name, findings) => {
    const said = findings.filter(({ severity }) => severity !== 'info');
    counts.runs++;
    for (const { severity } of said) counts[severity]++;
    if (said.length === 0) return;
    console.log(`healthy ${name.padEnd(44)} ${said.map(({ code, severity }) => `${code} (${severity})`).join(', ')}`);
  };
  for (const [how, options] of Object.entries(SOUND)) {
    for (const [name, make] of Object.entries(TABLES)) {
      const changed = () => {
        const subject = make();
        return { ...subject, options: how === 'as it is' ? subject.options : options };
      };
      tell(`${name}, ${how}`, await examine(changed, []));
    }
    for (const [data, target] of given) tell(`${data}, ${how}`, (await doctor({ data, target, ...options })).findings);
  }
  console.log(`${counts.runs} healthy runs: ${counts.error} errors, ${counts.warning} warnings\n`);
}

const single = (faults) => Object.keys(faults).map((name) => [name]);
const LISTS = {
  healthy: () => runHealthy(given),
  single: () => run('all single faults', single(SPECIFIED)),
  everyday: () => run('all everyday faults', single(EVERYDAY_FAULTS)),
  forum: () => run('all forum faults', single(FORUM_FAULTS)),
  pairs: () => run('all pairs', PAIRS),
};

const { values: flags, positionals } = parseArgs({
  options: { only: { type: 'string', default: Object.keys(LISTS).join() } },
  allowPositionals: true,
});
const given = positionals.map((argument) => {
  const at = argument.lastIndexOf(':');
  return [argument.slice(0, at), argument.slice(at + 1)];
});
try {
  for (const name of flags.only.split(',')) await LISTS[name]();
} finally {
  await rm(folder, { recursive: true });
}
