/**
 * How good paragrad's predictions are with no option but the target, beside other people's models with their defaults, on the
 * same training and test parts. Prints, for each table, the test scores (mean over the seeds, and their standard deviation) and CPU
 * seconds; then who wins how often by the mean: RMSE of a regression, log loss of classes.
 *
 *   npm run bench:quality -- FOLDER [--python PATH] [--presets default,fast] [--seeds 0,1,2] [--tables a,b] [--targets a=y,b=z] [--json FILE]
 *
 * FOLDER holds NAME.train.EXT and NAME.test.EXT (see tables.mjs). With a python that has scikit-learn, pandas and pyarrow, and
 * perhaps lightgbm, the peers are HistGradientBoosting, random forest, MLP and LightGBM.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatNumber, formatTable } from '../../dist/src/commands/format.js';
import { mainScore, mean, peerOnce, peersOf, trainOnce } from './processes.mjs';
import { findTables } from './tables.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    presets: { type: 'string', default: 'default,fast' },
    seeds: { type: 'string', default: '0,1,2' },
    tables: { type: 'string' },
    targets: { type: 'string' },
    json: { type: 'string' },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('usage: quality.mjs FOLDER [--python PATH] …');
const seeds = options.seeds.split(',').map(Number);
const presets = options.presets.split(',');

const peers = options.python === undefined ? [] : await peersOf(options.python);
const models = [
  ...presets.map((preset) => ({
    name: preset,
    run: ({ train, test, target, task }, seed) =>
      trainOnce({ data: train, test, target, preset, seed, ...(task && { task }) }),
  })),
  ...peers.map((name) => ({ name, run: (table, seed) => peerOnce(options.python, name, table, seed) })),
];

const spread = (values) => {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
};

/** Scores and CPU seconds of every model on a table: { name, [score]: values over the seeds, cpu: values }. */
async function scoreTable(table) {
  const rows = [];
  for (const { name, run } of models) {
    const runs = [];
    for (const seed of seeds) runs.push(await run(table, seed));
    const test = Object.keys(runs[0].test).map((score) => [score, runs.map((one) => one.test[score])]);
    rows.push({ name, ...Object.fromEntries(test), cpu: runs.map(({ cpuSeconds }) => cpuSeconds) });
  }
  return rows;
}

const results = [];
for (const table of await findTables(folder, options.tables, options.targets)) {
  const rows = await scoreTable(table);
  const score = mainScore(rows[0]);
  const shown = score === 'rmse' ? ['rmse', 'r2'] : ['logLoss', 'accuracy', ...('auc' in rows[0] ? ['auc'] : [])];
  const cell = (values) => `${formatNumber(mean(values))} ± ${formatNumber(spread(values))}`;
  console.log(`\n${table.name} (${table.target})`);
  console.log(
    formatTable([
      ['model', ...shown, 'CPU s'],
      ...rows.map((row) => [row.name, ...shown.map((name) => cell(row[name])), mean(row.cpu).toFixed(1)]),
    ]),
  );
  results.push({ table: table.name, score, rows });
}

const meanOf = ({ rows, score }, name) => mean(rows.find((row) => row.name === name)[score]);
console.log('\nwins and losses by the mean over the seeds (tables)');
const names = models.map(({ name }) => name);
console.log(
  formatTable([
    ['', ...names.map((name) => `against ${name}`)],
    ...presets.map((preset) => [
      preset,
      ...names.map((name) => {
        if (name === preset) return '-';
        const wins = results.filter((result) => meanOf(result, preset) < meanOf(result, name)).length;
        return `${wins} : ${results.length - wins}`;
      }),
    ]),
  ]),
);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ seeds, results }, null, 1)}\n`);
