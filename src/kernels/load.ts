/**
 * Finds the kernel set for this machine, and instantiates it in any thread.
 *
 * The coordinator chooses once: the first set that the engine accepts and that passes a self-test. The compiled module
 * is then posted to the workers, which instantiate it and choose nothing, so one run has one arithmetic.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { ParagradError } from '../errors.js';
import { distUrl } from '../memory/dist.js';
import type { Arithmetic, KernelName, Kernels } from './kernels.js';
import { selfTest } from './selftest.js';

/** In the order of preference. */
const ARITHMETIC = { 'wasm-fma': 'fma', 'wasm-strict': 'strict' } as const satisfies Record<KernelName, Arithmetic>;

export const KERNEL_NAMES = Object.keys(ARITHMETIC) as readonly KernelName[];

export interface ChosenKernels {
  readonly name: KernelName;
  /** Compiled; can be posted to a worker. */
  readonly module: WebAssembly.Module;
  /** What resume and the other hosts must match. */
  readonly arithmetic: Arithmetic;
  /** Why this set, in one line: `requested`, `passed its self-test`, or what ruled out the ones before it. */
  readonly reason: string;
}

/**
 * Chooses a kernel set and proves that it computes what it claims. Coordinator only: on Node 20 it may set a V8 flag,
 * which holds for the whole process, worker threads included.
 *
 * @param request - a set by name, or `auto` for the first that works.
 * @throws ParagradError `kernels_unavailable` when the requested set (with `auto`: every set) cannot run here;
 *   `kernels_missing` when paragrad was not built.
 *
 * @example
 * const chosen = chooseKernels('auto');
 * const kernels = instantiateKernels(chosen.module, chosen.name, memory);
 */
export function chooseKernels(request: 'auto' | KernelName): ChosenKernels {
  const candidates = request === 'auto' ? KERNEL_NAMES : [request];
  const refusals: string[] = [];
  for (const name of candidates) {
    const outcome = tryKernels(name);
    if (typeof outcome !== 'string') {
      const reason = request === 'auto' ? [...refusals, `${name} passed its self-test`].join('; ') : 'requested';
      return { name, module: outcome, arithmetic: ARITHMETIC[name], reason };
    }
    refusals.push(`${name}: ${outcome}`);
  }
  throw new ParagradError('kernels_unavailable', `no kernel set can run here (${refusals.join('; ')})`, {
    hint: request === 'auto' ? 'Use a newer Node or another machine.' : 'Use --kernels auto.',
  });
}

/**
 * The kernels on one memory. Cheap; every thread does it for itself.
 *
 * @param module - what {@link chooseKernels} compiled.
 * @param memory - shared, with a maximum of at most 65536 pages; every pointer given to a kernel is a byte offset in it.
 */
export function instantiateKernels(module: WebAssembly.Module, name: KernelName, memory: WebAssembly.Memory): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { name, arithmetic: ARITHMETIC[name], ...(instance.exports as unknown as KernelFunctions) };
}

type KernelFunctions = Omit<Kernels, 'name' | 'arithmetic'>;

/** The compiled set, or why it cannot be used. */
function tryKernels(name: KernelName): WebAssembly.Module | string {
  const bytes = readBinary(name);
  if (!engineAccepts(bytes, name)) return `Node ${process.versions.node} does not accept its instructions`;
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  return selfTest(instantiateKernels(module, name, memory), memory.buffer) ?? module;
}

/** Node 20 has relaxed SIMD behind a flag. Set only when needed: later versions warn about flags that they dropped. */
function engineAccepts(bytes: Uint8Array<ArrayBuffer>, name: KernelName): boolean {
  if (WebAssembly.validate(bytes)) return true;
  if (ARITHMETIC[name] !== 'fma') return false;
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(bytes);
}

function readBinary(name: KernelName): Uint8Array<ArrayBuffer> {
  const url = distUrl(`kernels/${name}.wasm`);
  try {
    return new Uint8Array(readFileSync(url));
  } catch (cause) {
    throw new ParagradError('kernels_missing', `cannot read the kernels at ${url.pathname}`, {
      kind: 'internal',
      hint: 'Run "npm run build".',
      cause,
    });
  }
}
