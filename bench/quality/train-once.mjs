/**
 * One training in a process of its own, so that its CPU seconds are its own: takes a config as JSON, trains, and prints scores,
 * CPU seconds of all threads (start and reading included) and wall seconds as one line of JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { train } from '../../dist/src/index.js';

const runsDir = mkdtempSync(join(tmpdir(), 'paragrad-quality-'));
try {
  let epochs = 0;
  const run = train({ ...JSON.parse(process.argv[2]), runsDir });
  for await (const event of run) if (event.type === 'epoch') epochs = event.epochs;
  const { metrics, seconds, members } = await run.result;
  const { user, system } = process.cpuUsage();
  const kept = members.map(({ epoch }) => epoch);
  console.log(JSON.stringify({ ...metrics, cpuSeconds: (user + system) / 1e6, seconds, epochs, kept }));
} finally {
  rmSync(runsDir, { recursive: true, force: true });
}
