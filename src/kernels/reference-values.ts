/** What the float64 oracles beside this file are written in. No training path may import it. */

export type Vector = Float64Array | Float32Array | readonly number[];

export const map = (x: Vector, f: (value: number, index: number) => number) => Float64Array.from(x, f);

export const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** ln(1 + e^x) */
export const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
