/**
 * What a peer's process says: JSON lines on standard input and output. It computes only when asked, so that peers can be timed
 * in turn while all of them are loaded and warm.
 *
 *   { command: 'setup', net }        -> { version }   the net of problem.mjs: sizes, batch, steps, rate, files, threads
 *   { command: 'losses', count }     -> { losses }    of the first steps from the initial weights, each before its update
 *   { command: 'run', ms }           -> { steps, seconds }
 *   { command: 'end' }               the process ends
 */
import { createInterface } from 'node:readline';

/**
 * @param setup net -> { version, losses(count), chunk(), end() }: chunk runs some steps and gives their number, `end` frees the net
 */
export async function serve(setup) {
  let runner = null;
  const answers = {
    async setup({ net }) {
      await runner?.end?.();
      runner = await setup(net);
      return { version: runner.version };
    },
    losses: async ({ count }) => ({ losses: await runner.losses(count) }),
    async run({ ms }) {
      const start = performance.now();
      let steps = 0;
      while (performance.now() - start < ms) steps += await runner.chunk();
      return { steps, seconds: (performance.now() - start) / 1000 };
    },
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.command === 'end') break;
    let answer;
    try {
      answer = await answers[request.command](request);
    } catch (error) {
      answer = { error: String(error?.stack ?? error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
