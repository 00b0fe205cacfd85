/**
 * Loaded into a paragrad process (--import) to do something to it at an exact moment, which no timer could hit.
 *
 * FAULT_AT    what the process is about to do, as `<what>:<n>` for the n-th time (counted from 1):
 *             stream (a DuckDB query whose rows are streamed), copy (DuckDB's COPY), task-<name> (posting a task to a worker),
 *             append (writing a piece of a file), sync (flushing a file), event-<type> (after printing it with --json)
 * FAULT_DO    what then happens: SIGINT or SIGTERM, `SIGINT twice`, or `terminate` (one worker thread)
 *
 * The parent is told with a message at that moment.
 */
import fs from 'node:fs/promises';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

const [moment, count] = process.env.FAULT_AT.split(':');
const [action, twice] = process.env.FAULT_DO.split(' ');
const threads = [];
let met = 0;

function reach(name) {
  if (name !== moment || ++met !== Number(count)) return;
  process.send('now');
  if (action === 'terminate') threads[0].terminate();
  else for (let i = 0; i < (twice ? 2 : 1); i++) process.kill(process.pid, action);
}

/** Names every call of a method once it has begun. */
function watch(object, method, nameOf) {
  const original = object[method];
  object[method] = function (...args) {
    const result = original.apply(this, args);
    reach(nameOf(...args));
    return result;
  };
}

// Worker threads are given the options of the process, this file included. They must never load DuckDB.
if (isMainThread) {
  const { DuckDBConnection } = await import('@duckdb/node-api');
  const { Piscina } = await import('piscina');
  process.on('worker', (thread) => threads.push(thread));
  watch(DuckDBConnection.prototype, 'stream', () => 'stream');
  watch(DuckDBConnection.prototype, 'run', (sql) => (sql.startsWith('COPY') ? 'copy' : ''));
  watch(Piscina.prototype, 'run', ({ task }) => `task-${task}`);
  const file = await fs.open(new URL(import.meta.url));
  watch(Object.getPrototypeOf(file), 'appendFile', () => 'append');
  watch(Object.getPrototypeOf(file), 'sync', () => 'sync');
  await file.close();
  watch(process.stdout, 'write', (text) => `event-${/^\{"type":"(\w+)"/.exec(text)?.[1]}`);
}
