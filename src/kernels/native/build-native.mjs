/**
 * Builds the C addon for this machine into dist/native/, where there is a compiler (CC, or cc). It never fails: what
 * cannot be built is told in one line, and the WebAssembly kernels do the same arithmetic.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const out = fileURLToPath(new URL(`../../../dist/native/${process.platform}-${process.arch}.node`, import.meta.url));

async function build() {
  const { compileAddon, LINKING } = await import('./native-addon.mjs');
  const linking = LINKING[process.platform];
  if (linking === undefined || process.platform === 'win32') return `nothing is known about ${process.platform}`;
  return compileAddon([process.env.CC ?? 'cc', ...linking], out);
}

const problem = await build().catch((error) => error.message.split('\n')[0]);
if (problem !== null) {
  rmSync(out, { force: true });
  console.log(`No native kernels (${problem}); the WebAssembly kernels will be used.`);
}
