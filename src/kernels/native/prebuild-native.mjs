/**
 * Cross-builds the C addon for the platforms that the package supports, into prebuilds/, before it is packed. A platform
 * whose compiler is not installed is left out with a line; users there get WebAssembly.
 *
 *   Debian: apt-get install gcc gcc-aarch64-linux-gnu gcc-mingw-w64-x86-64 clang lld
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import headers from 'node-api-headers';
import { compileAddon, LINKING } from './native-addon.mjs';

const folder = fileURLToPath(new URL('../../../prebuilds/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'paragrad-prebuild-'));

/** Where a Windows linker finds the functions of Node-API: an import library of node.exe, made of their names. */
function windowsLibrary() {
  const definitions = [headers.def_paths.js_native_api_def, headers.def_paths.node_api_def];
  return definitions.map((definition, i) => {
    const library = join(scratch, `node${i}.lib`);
    spawnSync('x86_64-w64-mingw32-dlltool', ['-d', definition, '-D', 'node.exe', '-l', library]);
    return library;
  });
}

/** The compiler and its options; a function where they must be prepared. */
const PLATFORMS = {
  'linux-x64': ['x86_64-linux-gnu-gcc', ...LINKING.linux],
  'linux-arm64': ['aarch64-linux-gnu-gcc', ...LINKING.linux],
  // No system library is needed, so no SDK is either. lld signs for arm64, which macOS insists on.
  'darwin-arm64': [
    ...[
      'clang',
      '--target=arm64-apple-macos11',
      '-ffreestanding',
      '-nostdlib',
      '-fuse-ld=lld',
      '-Wl,-platform_version,macos,11.0,11.0',
    ],
    ...LINKING.darwin,
  ],
  // GCC aligns the stack to 16 bytes on Windows and yet spills wide vectors as if it were aligned to them.
  'win32-x64': () => [
    'x86_64-w64-mingw32-gcc',
    '-Wa,-muse-unaligned-vector-move',
    ...LINKING.win32,
    ...windowsLibrary(),
  ],
};

rmSync(folder, { recursive: true, force: true });
for (const [platform, command] of Object.entries(PLATFORMS)) {
  const problem = compileAddon(typeof command === 'function' ? command() : command, join(folder, `${platform}.node`));
  console.log(problem === null ? `prebuilds/${platform}.node` : `No addon for ${platform}: ${problem}.`);
}
rmSync(scratch, { recursive: true });
