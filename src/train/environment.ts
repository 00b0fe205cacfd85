/** Where a run took place: what someone needs to know to repeat it, or to explain its speed. Written to environment.json. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem } from 'node:os';
import process from 'node:process';
import type { OrderPlan } from '../data/order.js';
import type { Arithmetic, KernelName } from '../kernels/kernels.js';
import { distUrl } from '../memory/dist.js';

export interface Environment {
  readonly paragrad: string;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  /** Hardware threads that this process may use. */
  readonly cores: number;
  /** Bytes of the machine. */
  readonly memory: number;
  readonly kernels: KernelName;
  readonly arithmetic: Arithmetic;
  /** How the training rows are shuffled: it follows from their number and length alone. */
  readonly rowOrder: OrderPlan;
}

/** The version of this package. */
export function paragradVersion(): string {
  return (JSON.parse(readFileSync(distUrl('../package.json'), 'utf8')) as { version: string }).version;
}

export function describeEnvironment(
  kernels: { name: KernelName; arithmetic: Arithmetic },
  rowOrder: OrderPlan,
): Environment {
  return {
    paragrad: paragradVersion(),
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    kernels: kernels.name,
    arithmetic: kernels.arithmetic,
    rowOrder,
  };
}
