/**
 * Runs once before any test: builds dist/ when it is older than its sources. A build that fails does not stop the run,
 * so that the tests of other parts can still be looked at, but test/freshness.test.ts then fails it.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readFileTimes, staleReason } from './freshness.js';

const root = fileURLToPath(new URL('..', import.meta.url));

export default function buildWhenStale(): void {
  if (staleReason(readFileTimes(root)) === null) return;
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) console.error(`The build failed; dist/ is stale.\n${build.stdout}${build.stderr}`);
}
