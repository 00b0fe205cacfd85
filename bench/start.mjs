/**
 * From the command to the first step: `paragrad train` on 10,000 rows, as Parquet and as Arrow, cold process, warm files.
 * Then where the time goes: the same stages one after the other in a fresh process. A real run overlaps the start of the
 * threads with reading, so the stages add up to more than it takes.
 *
 *   node bench/start.mjs [runs]
 *
 * Checks first that both formats give the same weights. The shortest of the runs is shown beside the median: on a busy
 * machine only the shortest says something about the program.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';

const CLI = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url));
const STAGES = fileURLToPath(new URL('./start-stages.mjs', import.meta.url));
const ROWS = 10_000;
const BOUND_MS = 700;

/** Milliseconds to the first step and to the end, and the hash of the weights. */
async function run(folder, data) {
  const args = [
    CLI,
    'train',
    data,
    '--target',
    'y',
    '--steps',
    '1',
    '--json',
    '--quiet',
    '--runs-dir',
    join(folder, 'runs'),
  ];
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let stepAt;
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
    if (text.includes('"type":"step"')) stepAt ??= performance.now();
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0 || stepAt === undefined) throw new Error(`train ended with ${code}`);
  const { weightsSha256 } = JSON.parse(text.trim().split('\n').at(-1));
  return { step: stepAt - startedAt, end: performance.now() - startedAt, weightsSha256 };
}

async function stages(data) {
  const child = spawn(process.execPath, [STAGES, data], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  await new Promise((resolve) => child.on('close', resolve));
  return JSON.parse(text);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const summary = (values) =>
  `${Math.min(...values)
    .toFixed(0)
    .padStart(6)} ${median(values).toFixed(0).padStart(6)}`;

async function writeTables(folder) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const parquet = join(folder, 'rows.parquet');
  await connection.run(
    `COPY (SELECT range * 0.1 AS a, (range * 7919) % 1000 AS b, hash(range) / 1e19 AS c, range % 7 = 0 AS flag,
      'k' || (range % 5) AS name, range * 2.5 + (range % 11) AS y FROM range(${ROWS})) TO '${parquet}' (FORMAT parquet)`,
  );
  connection.disconnectSync();
  instance.closeSync();
  const { openTable } = await import('../dist/src/data/open.js');
  const { Bool, Float64, tableFromArrays, tableToIPC, Utf8, vectorFromArray } = await import('apache-arrow');
  const { writeFile } = await import('node:fs/promises');
  const table = await openTable(parquet);
  const columns = {};
  for (const { name, kind } of table.columns) {
    const values = [];
    for await (const batch of table.read({ columns: [name] })) {
      const [column] = batch.columns;
      if (column.kind === 'number') values.push(...column.values);
      else for (const code of column.codes) values.push(column.dictionary[code]);
    }
    const type = kind === 'number' ? new Float64() : kind === 'boolean' ? new Bool() : new Utf8();
    columns[name] = vectorFromArray(kind === 'boolean' ? values.map((value) => value === 'true') : values, type);
  }
  await table.close();
  const arrow = join(folder, 'rows.arrow');
  await writeFile(arrow, tableToIPC(tableFromArrays(columns), 'file'));
  return { parquet, arrow };
}

const runs = Number(process.argv[2] ?? 10);
const folder = await mkdtemp(join(tmpdir(), 'paragrad-bench-start-'));
try {
  const tables = await writeTables(folder);
  const hashes = await Promise.all(Object.values(tables).map(async (data) => (await run(folder, data)).weightsSha256));
  if (new Set(hashes).size !== 1) throw new Error('the formats give different weights');
  const load = `load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;
  console.log(`milliseconds, the shortest and the median of ${runs} runs on ${ROWS} rows; ${load}\n`);
  for (const [format, data] of Object.entries(tables)) {
    const times = [];
    const parts = [];
    for (let i = 0; i < runs; i++) {
      times.push(await run(folder, data));
      parts.push(await stages(data));
    }
    const first = times.map(({ step }) => step);
    console.log(`${format}`);
    const verdict = Math.min(...first) <= BOUND_MS ? 'within' : 'beyond';
    console.log(`  ${'to the first step'.padEnd(28)} ${summary(first)}   ${verdict} ${BOUND_MS}`);
    console.log(`  ${'to the end'.padEnd(28)} ${summary(times.map(({ end }) => end))}`);
    for (const stage of Object.keys(parts[0])) {
      console.log(`    ${stage.padEnd(26)} ${summary(parts.map((part) => part[stage]))}`);
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
