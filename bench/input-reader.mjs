/**
 * One reader of the input benchmark, in a process of its own; prints one line of JSON.
 *
 *   node input-reader.mjs paragrad WORKERS FILE     survey, fill, statistics, standardise
 *   node input-reader.mjs scan THREADS FILE         every column by DuckDB as it is, chunk by chunk, dropped
 *   node input-reader.mjs duckdb THREADS FILE       every column by DuckDB as float32, strings as codes of an ENUM, copied out
 *   node input-reader.mjs arrow 1 FILE              every column of every batch as an array, dropped
 *   node input-reader.mjs train WORKERS FILE FOLDER an epoch under a limit of 1 GB, rows in a temporary file
 */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const [, , reader, count, file, folder] = process.argv;
const workers = Number(count);

/** Megabytes of a line of /proc/self/status: VmHWM is the peak of resident memory; elsewhere Node's own counter. */
function memoryMB(line, otherwise) {
  try {
    return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  } catch {
    return otherwise() / 1e6;
  }
}
const residentMB = () => memoryMB('VmRSS', () => process.memoryUsage.rss());
const peakMB = () => memoryMB('VmHWM', () => process.resourceUsage().maxRSS * 1024);

async function measured(work) {
  const before = residentMB();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { matrixMB = 0, ...more } = await work();
  const { user, system } = process.cpuUsage(cpu);
  const wall = (performance.now() - start) / 1000;
  return { cpu: (user + system) / 1e6, wall, peakMB: peakMB() - before, matrixMB, ...more };
}

async function withDuckDB(use) {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  return await measured(async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: count });
    const connection = await instance.connect();
    await use(connection);
    connection.disconnectSync();
    instance.closeSync();
    return {};
  });
}

async function drain(connection, selected, take) {
  const result = await connection.stream(`SELECT ${selected} FROM read_parquet('${file}')`);
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
    take(chunk);
}

const READERS = {
  async paragrad() {
    await import('@duckdb/node-api'); // as for the others, loading the library is not counted
    const { openTable } = await import('../dist/src/data/open.js');
    const { loadTraining } = await import('../dist/src/data/load.js');
    const { executeOn } = await import('../dist/src/parallel/execute.js');
    const { createPool } = await import('../dist/src/parallel/pool.js');
    const { chooseKernels } = await import('../dist/src/kernels/load.js');
    const kernelSource = chooseKernels('auto');
    const pool = createPool(workers);
    await setTimeout(500); // threads have started, as libraries are loaded
    return await measured(async () => {
      const table = await openTable(file, { threads: workers });
      const choice = { target: 'y', validation: 0.2, scale: 'standard', scaleTarget: 'standard' };
      const run = { dropMissingTarget: false, seed: 0, execute: executeOn(pool), kernelSource };
      const { dataset } = await loadTraining({ table, ...choice, ...run });
      const bytes = dataset.pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
      await table.close();
      await pool.close();
      return { matrixMB: bytes / 1024 / 1024 };
    });
  },
  scan: () => withDuckDB((connection) => drain(connection, '*', () => {})),
  duckdb: () =>
    withDuckDB(async (connection) => {
      const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM '${file}'`)).getRows();
      const expressions = [];
      for (const [name, type] of described) {
        if (type !== 'VARCHAR') {
          expressions.push(type === 'BOOLEAN' ? `${name}::INTEGER::FLOAT` : `${name}::FLOAT`);
          continue;
        }
        const values = `SELECT DISTINCT ${name} FROM '${file}' WHERE ${name} IS NOT NULL ORDER BY 1`;
        await connection.run(`CREATE TYPE type_of_${name} AS ENUM (${values})`);
        expressions.push(`enum_code(${name}::type_of_${name})::FLOAT`);
      }
      await drain(connection, expressions.join(', '), (chunk) => {
        for (let column = 0; column < expressions.length; column++) chunk.getColumnVector(column).items.slice();
      });
    }),
  async arrow() {
    const { RecordBatchReader } = await import('apache-arrow');
    return await measured(async () => {
      const handle = await open(file);
      const batches = await RecordBatchReader.from(handle);
      let values = 0;
      for await (const batch of batches) {
        for (let column = 0; column < batch.numCols; column++) values += batch.getChildAt(column).toArray().length;
      }
      return { values };
    });
  },
  async train() {
    const { train } = await import('../dist/src/index.js');
    const config = { data: file, target: 'y', memoryLimit: '1GB', epochs: 1, validation: 0.1, batchSize: 4096 };
    const run = train({ ...config, hidden: [64, 32], workers, runsDir: folder, learningRate: 0.001 });
    const done = await run.result;
    const { rowsPerSecond, seconds } = done.throughput;
    const { seconds: wall, weightsSha256: sha, metrics } = done;
    return { sha, seconds: wall, input: seconds.input, phases: seconds, rowsPerSecond, metrics, peakMB: peakMB() };
  },
};

console.log(JSON.stringify(await READERS[reader]()));
