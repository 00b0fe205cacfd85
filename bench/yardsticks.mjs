/**
 * Compiles and loads yardsticks.c: the vector peak of this processor, and OpenBLAS (Debian: libopenblas0-serial) for
 * comparison. Only for benchmarks of the native kernels, which need a compiler themselves.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAddon, LINKING } from '../src/kernels/native/native-addon.mjs';

const ROUNDS = 2000;
const WARM_UP_MS = 50;

/** @returns the addon, or throws what the compiler says */
function loadYardsticks() {
  const folder = mkdtempSync(join(tmpdir(), 'paragrad-yardsticks-'));
  try {
    const out = join(folder, 'yardsticks.node');
    const source = fileURLToPath(new URL('yardsticks.c', import.meta.url));
    const problem = compileAddon([process.env.CC ?? 'cc', ...LINKING[process.platform]], out, [source]);
    if (problem !== null) throw new Error(problem);
    return createRequire(import.meta.url)(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let addon;

/** A function that measures the vector peak once, in GFLOP/s, in about 10 microseconds; null where it is not known how. */
export function createVectorPeakMeter() {
  addon ??= loadYardsticks();
  const measure = () => {
    const start = performance.now();
    const operations = addon.multiplyAdds(ROUNDS);
    return operations / (performance.now() - start) / 1e6;
  };
  if (measure() === 0) return null;
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) measure();
  return measure;
}

/** The median of many measurements, in GFLOP/s; null where it is not known how. */
export function measureVectorPeak() {
  const measure = createVectorPeakMeter();
  const samples = measure && Array.from({ length: 501 }, measure).sort((a, b) => a - b);
  return samples?.[samples.length >> 1];
}

/**
 * OpenBLAS on one thread. Versions before 0.3.27 take Zen 5 for an older processor, without AVX-512: where that is there, the
 * kernels of Skylake-X are asked for, which are the fastest of that library here.
 *
 * @returns the library's kernels by name and its product, or null where it is not installed
 */
export function openBlas() {
  addon ??= loadYardsticks();
  process.env.OPENBLAS_NUM_THREADS = '1';
  const wide = addon.multiplyAdds(1) === 2 * 16 * 16;
  if (wide) process.env.OPENBLAS_CORETYPE = 'SkylakeX';
  else delete process.env.OPENBLAS_CORETYPE;
  delete process.env.OPENBLAS_L2_SIZE;
  const core = addon.openBlas(process.env.OPENBLAS_LIBRARY ?? 'libopenblas.so.0');
  return core === undefined ? null : { core, sgemm: addon.sgemm };
}
