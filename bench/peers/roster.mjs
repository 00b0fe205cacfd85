/** Who takes part: how each peer is started, which threads it can use, and what to install when it is missing. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @param python an interpreter that has the Python packages
 * @param modules a folder whose node_modules has the Node packages
 * @param instructions 'all' that the processor has, or 'avx2', to which all take part held back
 */
export function rosterOf(python, modules, instructions) {
  const node = (file, ...args) => [process.execPath, here(file), ...args];
  const py = (file, ...args) => [python, here(file), ...args];
  const pip = (packages) => `${python} -m pip install ${packages}`;
  const npm = (packages) => `npm install --no-save --ignore-scripts --prefix ${modules} ${packages}`;
  const tfjs = '@tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm';
  const inNode = (name) => existsSync(join(modules, 'node_modules', name));
  return [
    { name: 'paragrad native', own: true, command: node('paragrad.mjs', 'native', instructions) },
    { name: 'paragrad wasm', own: true, command: node('paragrad.mjs', 'wasm-fma') },
    { name: 'PyTorch', command: py('torch_peer.py', 'eager'), install: pip('torch') },
    { name: 'PyTorch compiled', command: py('torch_peer.py', 'compiled'), install: pip('torch') },
    { name: 'JAX', command: py('jax_peer.py', 'step'), install: pip('jax') },
    { name: 'JAX scan', command: py('jax_peer.py', 'scan'), install: pip('jax') },
    { name: 'scikit-learn', command: py('sklearn_peer.py'), install: pip('scikit-learn') },
    {
      name: 'tfjs wasm',
      command: node('tfjs.mjs', modules),
      install: npm(tfjs),
      missing: !inNode('@tensorflow/tfjs-backend-wasm'),
    },
    // It updates after every row: nothing to compare losses with.
    {
      name: 'brain.js',
      command: node('brain.mjs', modules),
      install: npm('brain.js'),
      otherMaths: true,
      missing: !inNode('brain.js'),
    },
  ];
}

/** How the libraries below the peers are told to stay with 256-bit vectors: oneMKL, PyTorch, oneDNN, XLA, OpenBLAS. */
const HELD_TO = {
  all: {},
  avx2: {
    MKL_ENABLE_INSTRUCTIONS: 'AVX2',
    ATEN_CPU_CAPABILITY: 'avx2',
    ONEDNN_MAX_CPU_ISA: 'AVX2',
    XLA_FLAGS: '--xla_cpu_max_isa=AVX2',
    OPENBLAS_CORETYPE: 'Haswell',
  },
};

/** A process of a peer, and a function that asks it (serve.mjs). */
export function startPeer({ name, command }, threads, instructions) {
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env; // none is held back by the machine's settings
  const cores = Array.from({ length: threads }, (_unused, core) => core).join();
  const bound = process.platform === 'linux' ? ['taskset', '-c', cores, ...command] : command;
  const child = spawn(bound[0], bound.slice(1), {
    env: {
      ...env,
      ...HELD_TO[instructions],
      OMP_NUM_THREADS: threads,
      MKL_NUM_THREADS: threads,
      OPENBLAS_NUM_THREADS: threads,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors = (errors + text).slice(-2000);
  });
  child.stdin.on('error', () => undefined);
  let settle = null;
  const fail = () => settle?.reject(new Error(`${name} ended: ${errors.trim().split('\n').at(-1)}`));
  child.once('error', fail);
  child.once('close', fail);
  createInterface({ input: child.stdout }).on('line', (line) => {
    try {
      const answer = JSON.parse(line);
      if (answer.error === undefined) settle?.resolve(answer);
      else settle?.reject(new Error(answer.error.split('\n')[0]));
    } catch {
      settle?.reject(new Error('it answered with what is no number')); // Python writes NaN and Infinity
    }
  });
  return {
    name,
    ask(request) {
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
        if (child.exitCode !== null) fail();
        child.stdin.write(`${JSON.stringify(request)}\n`);
      });
    },
    end() {
      settle = null;
      child.stdin.end('{"command":"end"}\n');
      setTimeout(() => child.kill(), 1000).unref();
    },
  };
}
