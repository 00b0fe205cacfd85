/** The two runs that the project started from, as make_seed_oracle.py computed them with NumPy in float64. */
import { readFileSync } from 'node:fs';

interface Network {
  readonly W0: readonly (readonly number[])[];
  readonly b0: readonly (readonly number[])[];
  readonly W1: readonly (readonly number[])[];
  readonly b1: readonly (readonly number[])[];
}

interface Founding {
  /** [100, 2] */
  readonly X: readonly (readonly number[])[];
  /** [100] */
  readonly y: readonly number[];
  readonly init: Network;
  readonly corrected: {
    readonly rate: number;
    /** The penalty is reg / 2 times the sum of squared weights. */
    readonly reg: number;
    readonly iterations: number;
    /** Before each update: mean squared error + penalty, which is not the function whose gradient is followed. */
    readonly reported: readonly number[];
    /** Before each update: half the sum of squared errors + penalty, which is. */
    readonly followed: readonly number[];
    readonly final: Network;
    readonly heldOut: {
      readonly X: readonly (readonly number[])[];
      readonly y: readonly number[];
      /** Mean of prediction - truth. */
      readonly averageError: number;
    };
  };
  readonly exploding: { readonly rate: number; readonly reg: number; readonly reported: readonly number[] };
}

export const founding = JSON.parse(readFileSync(new URL('./seed.json', import.meta.url), 'utf8')) as Founding;

/** Row-major values by tensor name. */
export function flat(network: Network): Record<string, number[]> {
  return Object.fromEntries(Object.entries(network).map(([name, rows]) => [name, (rows as number[][]).flat()]));
}
