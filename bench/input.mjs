/**
 * What reading a table costs: from a raw file to a standardised matrix in shared memory, against a read of the same columns by
 * the library that paragrad reads with (DuckDB to float32 for Parquet, with strings as codes; apache-arrow to arrays for
 * Arrow), and by pyarrow and polars to float32 where a Python that has them is named by PARAGRAD_PYTHON.
 *
 * Tables: 5M x 20 of mixed types and 200k x 500 of floats, made in a temporary folder and removed. Every measurement is a
 * process of its own; a round runs each once, and medians over the rounds are printed: seconds of CPU, seconds of wall-clock
 * time, and peak memory without what the process had before it began to read.
 *
 *   node bench/input.mjs               after npm run build
 *   node bench/input.mjs --quick       a tenth of the rows
 *   node bench/input.mjs --rounds 5
 *   node bench/input.mjs --large 12    also a table of 12 GB, trained for an epoch under --memory-limit 1GB
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TABLES, writeArrowTable, writeParquetTable } from './input-tables.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    large: { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const READER = fileURLToPath(new URL('input-reader.mjs', import.meta.url));
const CLI = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url));
const PYTHON = process.env.PARAGRAD_PYTHON;
const PYTHON_READER = fileURLToPath(new URL('input-reader.py', import.meta.url));

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs a program to its end and gives the JSON of its last line. */
async function lastLine(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return JSON.parse(text.trim().split('\n').at(-1));
}

async function compare(title, file, readers, rounds) {
  const results = readers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { command, args }] of readers.entries()) results[i].push(await lastLine(command, [...args, file]));
  }
  console.log(`\n${title}`);
  console.log('reader                      CPU s   wall s   peak MB   matrix MB');
  const rows = readers.map(({ name }, i) => {
    const of = (key) => median(results[i].map((result) => result[key]));
    return { name, cpu: of('cpu'), wall: of('wall'), peak: of('peakMB'), matrix: of('matrixMB') };
  });
  for (const { name, cpu, wall, peak, matrix } of rows) {
    const numbers = [cpu.toFixed(2), wall.toFixed(2), peak.toFixed(0), matrix.toFixed(0)];
    console.log(name.padEnd(24) + numbers.map((text) => text.padStart(9)).join(''));
  }
  const pairs = results[0].map((one, round) => one.wall / results[1][round].wall);
  const cpu = results[0].map((one, round) => one.cpu / results[2][round].cpu);
  const above = Math.max(rows[0].peak - rows[0].matrix, rows[1].peak - rows[1].matrix);
  console.log(
    `CPU over ${rows[2].name}: ${median(cpu).toFixed(2)}x; 2 workers over 1: ${median(pairs).toFixed(2)}x; ` +
      `peak above the matrix: ${above.toFixed(0)} MB`,
  );
}

const node = (...args) => ({ command: process.execPath, args: ['--expose-gc', READER, ...args] });

function readersFor(format) {
  const own = format === 'parquet' ? ['DuckDB', 'duckdb'] : ['apache-arrow', 'arrow'];
  const readers = [
    { name: 'paragrad, 1 worker', ...node('paragrad', '1') },
    { name: 'paragrad, 2 workers', ...node('paragrad', '2') },
    { name: `${own[0]}, 1 thread`, ...node(own[1], '1') },
  ];
  if (format === 'parquet')
    readers.push(
      { name: 'DuckDB, 2 threads', ...node('duckdb', '2') },
      { name: 'DuckDB, scan only', ...node('scan', '1') },
    );
  for (const name of PYTHON ? ['pyarrow', 'polars'] : [])
    readers.push({ name, command: PYTHON, args: [PYTHON_READER, name] });
  return readers;
}

/** An epoch under a limit of 1 GB: on one worker, on two, and on two again. */
async function trainLarge(folder, gigabytes) {
  const bytes = gigabytes * 1e9;
  // The table, and its rows as float32 while it trains.
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < 1.7 * bytes) throw new Error(`${folder} has no room for a table of ${gigabytes} GB`);
  const file = join(folder, 'doubles.parquet');
  const rows = Math.floor(bytes / (40 * 8));
  await writeParquetTable(file, { ...TABLES.doubles, rows });
  console.log(`\n${gigabytes} GB, ${rows} rows of 40 doubles, one epoch under --memory-limit 1GB`);
  for (const workers of ['1', '2', '2']) {
    const { sha, seconds, input, rowsPerSecond, peakMB } = await lastLine(process.execPath, [
      ...[READER, 'train', workers, file, folder, CLI],
    ]);
    console.log(
      `${workers} workers: ${sha.slice(0, 16)}  ${seconds.toFixed(0)} s in all, ${(rowsPerSecond / 1e6).toFixed(2)}M rows/s in training, ` +
        `${input.toFixed(2)} s of it waiting for rows, peak ${peakMB.toFixed(0)} MB`,
    );
  }
}

const folder = await mkdtemp(join(options.folder, 'paragrad-bench-input-'));
try {
  const rounds = Number(options.rounds);
  for (const [name, format, write] of [
    ['mixed', 'parquet', writeParquetTable],
    ['wide', 'parquet', writeParquetTable],
    ['mixed', 'arrow', writeArrowTable],
    ['wide', 'arrow', writeArrowTable],
  ]) {
    const table = { ...TABLES[name], rows: Math.floor(TABLES[name].rows / (options.quick ? 10 : 1)) };
    const file = join(folder, `${name}.${format}`);
    await write(file, table);
    const title = `${name}: ${table.rows} rows of ${Object.keys(table.columns).length} columns, ${format}`;
    await compare(title, file, readersFor(format), rounds);
    await rm(file);
  }
  if (options.large !== undefined) await trainLarge(folder, Number(options.large));
} finally {
  await rm(folder, { recursive: true });
}
