/**
 * Whether dist/ holds what the sources say: every output must be at least as new as what it is made of. The tests run
 * src/*.ts directly, but thread entries and WebAssembly binaries exist in dist/ only, so an old one would be tested
 * in silence. Times alone are compared; a build writes every output anew.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Modification times in milliseconds, by path relative to the repository root, with `/`. */
export type FileTimes = ReadonlyMap<string, number>;

const BINARIES = ['dist/kernels/wasm-fma.wasm', 'dist/kernels/wasm-strict.wasm'];
/** Made where there is a C compiler: it may be missing, but not old. */
const ADDON = `dist/native/${process.platform}-${process.arch}.node`;

/** The outputs made of a file: none for one that the build does not read. */
function outputsOf(path: string, modules: readonly string[]): readonly string[] {
  if (path.startsWith('src/kernels/assembly/') || path === 'asconfig.json') return BINARIES;
  if (path.startsWith('src/kernels/native/')) return [ADDON];
  if (path === 'tsconfig.json') return modules.map(moduleOutput);
  return isModule(path) ? [moduleOutput(path)] : [];
}

const isModule = (path: string) => /^(src|workers)\/.*\.ts$/.test(path) && !path.startsWith('src/kernels/assembly/');
const moduleOutput = (path: string) => `dist/${path.replace(/\.ts$/, '.js')}`;

/** Why dist/ needs a build, as one line; null when it does not. */
export function staleReason(files: FileTimes): string | null {
  const modules = [...files.keys()].filter(isModule);
  for (const [source, sourceTime] of files) {
    for (const output of outputsOf(source, modules)) {
      const outputTime = files.get(output);
      if (outputTime === undefined && output === ADDON) continue;
      if (outputTime === undefined) return `${output} is missing: run npm run build`;
      if (outputTime < sourceTime) return `${output} is older than ${source}: run npm run build`;
    }
  }
  return null;
}

/** The times of everything that `staleReason` looks at, from the disk. */
export function readFileTimes(root: string): FileTimes {
  const times = new Map<string, number>();
  const visit = (path: string) => {
    const stats = statSync(join(root, path), { throwIfNoEntry: false });
    if (stats?.isDirectory()) for (const name of readdirSync(join(root, path))) visit(`${path}/${name}`);
    else if (stats) times.set(path, stats.mtimeMs);
  };
  for (const path of ['src', 'workers', 'scripts', 'tsconfig.json', 'asconfig.json', 'dist']) visit(path);
  return times;
}
