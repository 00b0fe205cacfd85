/** Threads, arithmetic and memory. */
import { z } from 'zod';
import { KERNEL_NAMES } from '../../kernels/load.js';
import { option } from '../options.js';
import { choice, count, numeric } from './fields.js';

const kernels = choice(['auto', ...KERNEL_NAMES], 'Machine');

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** "1.5GB" -> 1500000000, "512 MiB" -> 536870912; what is no size becomes NaN. */
function bytesOf(text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  return Math.floor(Number(number) * (UNITS[unit?.toUpperCase()] ?? Number.NaN));
}

export const machineOptions = {
  workers: option(z.union([count, z.literal('auto')]).default('auto'), 'threads; the weights do not depend on it', {
    group: 'Machine',
    argument: 'N|auto',
    expected: 'a whole number of at least 1, or "auto"',
    parse: numeric,
  }),
  shards: option(
    count.refine(isPowerOfTwo).optional(),
    'parts that a batch is cut into, a power of two (default: the most with at least 128 rows each)',
    { group: 'Machine', argument: 'N', expected: 'a power of two (1, 2, 4, 8 …)', parse: numeric },
  ),
  kernels: option(kernels.schema.default('auto'), 'arithmetic kernels', kernels.hint),
  memoryLimit: option(
    z.union([count, z.string().transform(bytesOf).pipe(count)]).optional(),
    'memory to plan for; rows that do not fit are read from a temporary file (default: three quarters of the machine)',
    { group: 'Machine', argument: 'SIZE', expected: 'a size such as 1GB or 512MiB', parse: numeric },
  ),
};

function isPowerOfTwo(n: number): boolean {
  return n <= 2 ** 30 && (n & (n - 1)) === 0;
}
