/** The networks that step benchmarks train: plain SGD, MSE, ReLU. */

/** `expected`: microseconds of a step of the prototype's arithmetic alone, one worker. */
export const NETS = [
  { sizes: [2, 10, 1], batch: 100, expected: 2.4, rate: 1e-3 },
  { sizes: [16, 64, 64, 1], batch: 256, expected: 167, rate: 1e-2 },
  { sizes: [64, 256, 256, 1], batch: 512, expected: 5100, rate: 1e-2 },
  { sizes: [784, 512, 512, 10], batch: 512, expected: 36000, rate: 1e-2 },
];

/** Floating-point operations of a step's products, without padding. */
export function stepOperations({ sizes, batch }) {
  const products = sizes.slice(1).reduce((sum, n, i) => sum + n * sizes[i], 0);
  return 6 * batch * products - 2 * batch * sizes[0] * sizes[1];
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
