/**
 * Finds the kernel set for this machine, and instantiates it in any thread.
 *
 * The coordinator chooses once: the first set that can run and that passes a self-test. Compiled module and path of the
 * addon are then posted to the workers, which instantiate them and choose nothing, so one run has one arithmetic.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { invariant, ParagradError } from '../errors.js';
import { distUrl } from '../memory/dist.js';
import type { Arithmetic, KernelName, Kernels } from './kernels.js';
import { type AddonChoice, bindNative, findAddon, loadAddon } from './native.js';
import { compareKernels, SELF_TEST_PAGES, selfTest } from './selftest.js';

/** In the order of preference. */
const ARITHMETIC = {
  native: 'fma',
  'wasm-fma': 'fma',
  'wasm-strict': 'strict',
} as const satisfies Record<KernelName, Arithmetic>;

export const KERNEL_NAMES = Object.keys(ARITHMETIC) as readonly KernelName[];

export interface ChosenKernels {
  readonly name: KernelName;
  /** The WebAssembly of the set, compiled; can be posted to a worker. */
  readonly module: WebAssembly.Module;
  /** Where the part of `native` that is in C is from; null for the other sets. */
  readonly addon: AddonChoice | null;
  /** What resume and the other hosts must match. */
  readonly arithmetic: Arithmetic;
  /** Why this set, in one line: `requested`, `passed its self-test`, or what ruled out the ones before it. */
  readonly reason: string;
}

/** What makes a set: the part of the choice that a thread needs. */
export type KernelSource = Pick<ChosenKernels, 'name' | 'module' | 'addon'>;

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
 * const kernels = instantiateKernels(chosen, memory);
 */
export function chooseKernels(request: 'auto' | KernelName): ChosenKernels {
  const candidates = request === 'auto' ? KERNEL_NAMES : [request];
  const refusals: string[] = [];
  for (const name of candidates) {
    const source = name === 'native' ? tryNative() : tryWasm(name);
    if (typeof source !== 'string') {
      const label = source.addon === null ? name : `${name} (${source.addon.instructionSet})`;
      const reason = request === 'auto' ? [...refusals, `${label} passed its self-test`].join('; ') : 'requested';
      return { ...source, arithmetic: ARITHMETIC[name], reason };
    }
    refusals.push(`${name}: ${source}`);
  }
  throw new ParagradError('kernels_unavailable', `no kernel set can run here (${refusals.join('; ')})`, {
    hint: request === 'auto' ? 'Use a newer Node or another machine.' : 'Use --kernels auto.',
  });
}

/**
 * The kernels on one memory. Cheap; every thread does it for itself.
 *
 * @param source - what {@link chooseKernels} chose.
 * @param memory - shared, with a maximum of at most 65536 pages; every pointer given to a kernel is a byte offset in it.
 */
export function instantiateKernels({ name, module, addon }: KernelSource, memory: WebAssembly.Memory): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const wasm = { name, arithmetic: ARITHMETIC[name], ...(instance.exports as unknown as KernelFunctions) };
  if (addon === null) return wasm;
  const bind = loadAddon(addon.path)[addon.instructionSet];
  invariant(bind !== undefined, `${addon.path} has no kernels for ${addon.instructionSet}`);
  return { ...wasm, ...bindNative(bind, memory) };
}

type KernelFunctions = Omit<Kernels, 'name' | 'arithmetic'>;

/** A set of WebAssembly alone, or why it cannot be used. */
function tryWasm(name: KernelName): KernelSource | string {
  const bytes = readBinary(name);
  if (!engineAccepts(bytes, name)) return `Node ${process.versions.node} does not accept its instructions`;
  const source = { name, module: new WebAssembly.Module(bytes), addon: null };
  const memory = selfTestMemory();
  return selfTest(instantiateKernels(source, memory), memory.buffer) ?? source;
}

/** `wasm-fma` with the kernels of the addon, or why they cannot be used. */
function tryNative(): KernelSource | string {
  const path = findAddon();
  if (path === null) {
    return `there is no addon for ${process.platform}-${process.arch} (npm run build makes it where there is a C compiler)`;
  }
  const base = tryWasm('wasm-fma');
  if (typeof base === 'string') return `it needs wasm-fma: ${base}`;
  const memory = selfTestMemory();
  const wasm = instantiateKernels(base, memory);
  try {
    const [first] = Object.entries(loadAddon(path));
    if (first === undefined) return 'this processor has none of the instruction sets of the addon';
    const [instructionSet, bind] = first;
    const kernels = bindNative(bind, memory);
    const fault = selfTest({ ...wasm, ...kernels }, memory.buffer) ?? compareKernels(kernels, wasm, memory.buffer);
    return fault ?? { ...base, name: 'native', addon: { path, instructionSet } };
  } catch (error) {
    return `the addon does not load: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
  }
}

function selfTestMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: SELF_TEST_PAGES, maximum: SELF_TEST_PAGES, shared: true });
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
