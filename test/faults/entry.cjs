/**
 * A thread entry that misbehaves on purpose in the segment task of one worker; everything else is the real one. The fault
 * is named by the environment that the thread was started with: FAULT=<throw|exit|exit0|spin>:<worker>:<segment>,
 * FAULT=exit:data:<task> in the task of loading by that name, or FAULT=<import|leave>: it fails, or ends, while starting.
 */
const real = require('../../dist/workers/entry.cjs');

const [fault, worker, at] = (process.env.FAULT ?? '').split(':');
if (fault === 'import') throw new TypeError('planted fault at import');
if (fault === 'leave') process.exit(4);

module.exports = real.then((run) => (call) => {
  const { task, payload } = call;
  const isDue =
    task === 'segment'
      ? payload.worker === Number(worker) && payload.request.segment === Number(at)
      : task === worker && payload.task === at;
  if (!isDue) return run(call);
  if (fault === 'throw') throw new TypeError('planted fault');
  if (fault === 'exit') process.exit(3);
  if (fault === 'exit0') process.exit(0);
  // Alive, and never at the barrier: only ending the thread helps.
  const word = new Int32Array(new SharedArrayBuffer(4));
  while (fault === 'spin') Atomics.load(word, 0);
  throw new Error(`unknown fault ${fault}`);
});
