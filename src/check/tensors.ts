/** The parameters of a network as one flat vector without padding, in the order of its tensors. */
import { type NetworkSpec, planNetwork } from '../nn/network.js';

/** One tensor of the flat vector. */
export interface CheckTensor {
  /** W0, b0, a0, W1 … */
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly isWeight: boolean;
}

export function tensorsOf(network: NetworkSpec): CheckTensor[] {
  let offset = 0;
  return planNetwork(network).tensors.map(({ name, kind, rows, columns }) => {
    const tensor = { name, offset, length: rows * columns, isWeight: kind === 'weight' };
    offset += tensor.length;
    return tensor;
  });
}

/** P */
export function parameterCount(network: NetworkSpec): number {
  return planNetwork(network).trainable;
}
