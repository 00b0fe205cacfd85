/** Numbers for checks that want rows and weights of no particular table: uniform, a pure function of the seed. */
import { draw, PURPOSE } from '../random/philox.js';

export interface Draws {
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number;
  /** A whole number from 0 to count - 1. */
  below(count: number): number;
  vector(length: number, low: number, high: number): Float64Array;
}

export function createDraws(seed: number): Draws {
  const words = new Uint32Array(4);
  let next = 0;
  const unit = (): number => {
    if (next % 4 === 0) draw(words, seed, PURPOSE.check, 0, next / 4);
    return words[next++ % 4] / 0x1_0000_0000;
  };
  const uniform = (low: number, high: number): number => low + (high - low) * unit();
  return {
    uniform,
    below: (count) => Math.floor(unit() * count),
    vector: (length, low, high) => Float64Array.from({ length }, () => uniform(low, high)),
  };
}
