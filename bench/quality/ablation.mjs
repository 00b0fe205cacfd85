/**
 * What each piece of the recipe is worth: preset default with one setting after the other put back to what it is without the
 * recipe (several that go together at once). Prints by how many percent the score gets worse, RMSE of a regression and log loss of
 * classes, mean over the seeds: of the held-out rows, by which the recipe is chosen, and of the test part.
 *
 *   npm run bench:ablation -- FOLDER [--seeds 0,1,2] [--tables a,b] [--targets a=y,b=z] [--members 1] [--pieces dropout,scale] [--json FILE]
 *
 * The pieces are read off the preset, so that a new one is tried without a line here.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatTable } from '../../dist/src/commands/format.js';
import { configSchema } from '../../dist/src/train/config.js';
import { PRESETS } from '../../dist/src/train/presets.js';
import { mainScore, mean, trainOnce } from './processes.mjs';
import { findTables } from './tables.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '0,1,2' },
    members: { type: 'string', default: '1' },
    tables: { type: 'string' },
    targets: { type: 'string' },
    pieces: { type: 'string' },
    json: { type: 'string' },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('usage: ablation.mjs FOLDER …');
const seeds = options.seeds.split(',').map(Number);

/** Sizes and constants that stand on their own: no piece to take away. */
const KEPT = new Set(['hidden', 'optimizer', 'epochs', 'batchSize', 'epsilon', 'beta1', 'members', 'learningRate']);
/** What a setting is without the recipe, where its schema has no default. */
const PLAIN = {
  activation: 'relu',
  restore: 'last',
  temperature: 'none',
  beta2: 0.999,
  weightDecay: 0,
  companion: 'none',
};

/** Name of a piece -> the options that take it away. */
function piecesOf(preset) {
  const pieces = new Map();
  for (const [key, setting] of Object.entries(preset)) {
    if (KEPT.has(key)) continue;
    const field = configSchema.shape[key];
    const without = PLAIN[key] ?? field.safeParse(undefined).data;
    if (without === undefined) throw new Error(`say in PLAIN what ${key} is without the recipe`);
    if (Array.isArray(setting)) {
      for (const part of setting) pieces.set(`${key} ${part}`, { [key]: setting.filter((other) => other !== part) });
    } else pieces.set(key, { [key]: without });
  }
  return pieces;
}

const wanted = options.pieces?.split(',') ?? null;
const pieces = [...piecesOf(PRESETS.default)].filter(([name]) => wanted === null || wanted.includes(name));
const tables = await findTables(folder, options.tables, options.targets);

async function scoresOf({ train, test, target, task }, without) {
  const base = {
    data: train,
    test,
    target,
    ...(task && { task }),
    preset: 'default',
    members: Number(options.members),
  };
  const runs = [];
  for (const seed of seeds) runs.push(await trainOnce({ ...base, seed, ...without }));
  const score = mainScore(runs[0].test);
  return {
    // Without a best epoch or a temperature the rows held out are scored all the same.
    validation: mean(runs.map(({ validation }) => validation[score])),
    test: mean(runs.map((run) => run.test[score])),
  };
}

const results = [];
for (const table of tables) {
  const whole = await scoresOf(table, {});
  for (const [piece, without] of pieces) {
    // A setting of regressions says nothing about classes, and the other way round.
    const scores = await scoresOf(table, without).catch((error) => (/has no effect/.test(error.stderr) ? null : error));
    if (scores instanceof Error) throw scores;
    const worse = (part) => (scores === null ? null : 100 * (scores[part] / whole[part] - 1));
    results.push({ table: table.name, piece, validation: worse('validation'), test: worse('test') });
  }
}

for (const part of ['validation', 'test']) {
  console.log(`\nworse by so many percent without it (${part})`);
  const percent = (table, piece) => {
    const value = results.find((result) => result.table === table.name && result.piece === piece)[part];
    return value === null ? '' : value.toFixed(2);
  };
  console.log(
    formatTable([
      ['without', ...tables.map(({ name }) => name)],
      ...pieces.map(([piece]) => [piece, ...tables.map((table) => percent(table, piece))]),
    ]),
  );
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ seeds, results }, null, 1)}\n`);
