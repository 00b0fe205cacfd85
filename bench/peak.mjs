/**
 * The yardstick of the benchmarks: GFLOP/s of this machine's fused multiply-add at 128 bit, on one core, as WebAssembly
 * reaches it (within a few per cent of the same loop in C). A multiply-add counts as two operations.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const OPERATIONS_PER_ROUND = 12 * 4 * 2;
const ROUNDS = 20_000;
/** V8 compiles a function well only after it has run for a while. */
const WARM_UP_MS = 1200;

/** Compiles the loop, warms it up, and returns a function that measures once, in about 30 microseconds. */
export function createPeakMeter() {
  const folder = mkdtempSync(join(tmpdir(), 'paragrad-peak-'));
  try {
    const binary = join(folder, 'peak.wasm');
    const compiler = fileURLToPath(new URL('../node_modules/assemblyscript/bin/asc.js', import.meta.url));
    const source = fileURLToPath(new URL('peak.as.ts', import.meta.url));
    const options = ['--optimizeLevel', '3', '--runtime', 'stub', '--enable', 'simd', '--enable', 'relaxed-simd'];
    execFileSync(process.execPath, [compiler, source, '--outFile', binary, ...options], { cwd: folder });
    const bytes = readFileSync(binary);
    if (!WebAssembly.validate(bytes)) setFlagsFromString('--experimental-wasm-relaxed-simd');
    const { multiplyAdds } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    const measure = () => {
      const start = performance.now();
      multiplyAdds(ROUNDS);
      return (ROUNDS * OPERATIONS_PER_ROUND) / (performance.now() - start) / 1e6;
    };
    for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) measure();
    return measure;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The median of many measurements, in GFLOP/s. */
export function measurePeak() {
  const measure = createPeakMeter();
  const samples = Array.from({ length: 501 }, measure).sort((a, b) => a - b);
  return samples[samples.length >> 1];
}
