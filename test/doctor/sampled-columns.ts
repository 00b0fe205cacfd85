/** Columns made for the doctor's findings: numbers drawn by position, and texts with their codes. */
import type { SampledColumn } from '../../src/doctor/column-sample.js';
import { philox } from '../../src/random/philox.js';

export const ROWS = 600;

/** @returns draws of a stream, uniform in [0, 1), row by row */
export function uniforms(seed: number): (stream: number, rows?: number) => Float64Array {
  const words = new Uint32Array(4);
  return (stream, rows = ROWS) =>
    Float64Array.from({ length: rows }, (_, i) => {
      philox(words, seed, 0, i, 0, stream, 0);
      return words[0] / 2 ** 32;
    });
}

export const number = (name: string, values: Float64Array): SampledColumn => ({ name, kind: 'number', values });

export function category(name: string, texts: readonly string[]): SampledColumn {
  const values = [...new Set(texts)];
  return { name, kind: 'category', values, codes: Int32Array.from(texts, (text) => values.indexOf(text)) };
}
