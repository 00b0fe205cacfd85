/**
 * Where built files are: thread entries and WebAssembly binaries live in dist/ only, whether this code runs from src/
 * (under the test runner) or from dist/src/.
 */
export function distUrl(path: string): URL {
  const base = import.meta.url.includes('/dist/src/memory/') ? '../../' : '../../dist/';
  return new URL(base + path, import.meta.url);
}
