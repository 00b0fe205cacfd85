/**
 * How the C addon is compiled, wherever to: one compiler call, no configuration step, no node-gyp. Used by the build of a
 * checkout (build-native.mjs), by the cross-compilation for the package (prebuild-native.mjs) and by the benchmarks.
 *
 * -ffp-contract=off: the sources say which operations are fused. -O2 rather than -O3: GCC 12 keeps the sums of a tile in
 * memory at -O3. Never -march=native: each function names its instruction set and is chosen at run time.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import headers from 'node-api-headers';

const folder = fileURLToPath(new URL('.', import.meta.url));
const SOURCES = [
  ...['addon.c', 'calls.c', 'elementwise-calls.c', 'gather-call.c', 'table-call.c', 'strings.c', 'blocks.c'],
  ...['x64.c', 'x64-lanes.c', 'arm64.c'],
].map((name) => join(folder, name));
const FLAGS = ['-std=c11', '-O2', '-ffp-contract=off', '-fvisibility=hidden', '-Wall', '-Wextra', '-DNAPI_VERSION=8'];

/** Linking a shared library whose Node-API functions are found in the process that loads it, by platform. */
export const LINKING = {
  linux: ['-shared', '-fPIC', '-s'],
  darwin: ['-bundle', '-undefined', 'dynamic_lookup'],
  win32: ['-shared', '-s'],
};

/**
 * Compiles an addon. The file appears at once or not at all, so that a process which has the old one open is not harmed.
 *
 * @param {string[]} command the compiler and what belongs to its target
 * @param {string} out where to write
 * @param {string[]} [sources] of another addon; default: paragrad's
 * @returns {string | null} what went wrong, in one line
 */
export function compileAddon(command, out, sources = SOURCES) {
  const [compiler, ...options] = command;
  const temporary = `${out}.${process.pid}`;
  mkdirSync(dirname(out), { recursive: true });
  const paths = ['-I', headers.include_dir, '-o', temporary];
  const run = spawnSync(compiler, [...FLAGS, ...paths, ...sources, ...options], { encoding: 'utf8', timeout: 120_000 });
  if (run.status === 0) {
    renameSync(temporary, out);
    return null;
  }
  rmSync(temporary, { force: true });
  if (run.error) return run.error.code === 'ENOENT' ? `there is no ${compiler}` : `${compiler}: ${run.error.message}`;
  const complaint = run.stderr.split('\n').find((line) => /error|fatal|undefined/.test(line));
  return `${compiler} failed: ${complaint ?? `exit code ${run.status}`}`;
}
