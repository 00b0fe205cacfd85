/**
 * A network is a list of dense layers over one flat parameter vector. This file says where each tensor lies in it.
 *
 * Dimension letters: B rows, I inputs, O outputs, P parameters. y[B, O] = activation(x[B, I] W[I, O] + b[O]).
 *
 * Padding: leading dimensions are multiples of 8 and W has as many stored rows as the leading dimension of its input, all
 * padding zero, so that kernels need no edge cases. The output layer of one unit is stored as a vector (leading
 * dimension 1). Padding stays zero through training: its gradients are sums of products with zero padding, and every
 * optimiser maps (0, 0) to 0. Model files hold the tensors without padding.
 */

/** Float32 elements to which a tensor's start is aligned: one 64-byte line. */
const ALIGNMENT = 16;
const PADDING = 8;

/** One tensor of the parameter vector. */
export interface Tensor {
  /** W0, b0, W1 … */
  readonly name: string;
  /** Rows without padding: I of a weight, 1 of a bias. */
  readonly rows: number;
  /** Columns without padding: O. */
  readonly columns: number;
  /** Leading dimension. */
  readonly stride: number;
  /** First element in the parameter vector. */
  readonly offset: number;
  /** Elements with padding. */
  readonly length: number;
  /** Weights bear the L2 penalty, biases do not. */
  readonly penalised: boolean;
}

export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Leading dimension of this layer's input. */
  readonly inputStride: number;
  /** Leading dimension of its output; 1 for the output layer of one unit. */
  readonly outputStride: number;
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Plain data: can be posted to a worker. */
export interface Network {
  /** Inputs, hidden widths, outputs. */
  readonly sizes: readonly number[];
  readonly layers: readonly DenseLayer[];
  /** In file order: W0, b0, W1 … */
  readonly tensors: readonly Tensor[];
  /** P, padding included; a multiple of 16. */
  readonly parameters: number;
  /** Parameters without padding, for people. */
  readonly trainable: number;
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/**
 * Lays out a dense network.
 *
 * @param sizes inputs, hidden widths …, outputs; at least two positive integers
 */
export function planNetwork(sizes: readonly number[]): Network {
  let offset = 0;
  const place = (
    name: string,
    rows: number,
    columns: number,
    stride: number,
    storedRows: number,
    penalised: boolean,
  ): Tensor => {
    const tensor = { name, rows, columns, stride, offset, length: storedRows * stride, penalised };
    offset = roundUp(offset + tensor.length, ALIGNMENT);
    return tensor;
  };
  const layers = sizes.slice(1).map((outputs, i): DenseLayer => {
    const inputs = sizes[i];
    const inputStride = roundUp(inputs, PADDING);
    const isVector = outputs === 1 && i === sizes.length - 2;
    const outputStride = isVector ? 1 : roundUp(outputs, PADDING);
    const weight = place(`W${i}`, inputs, outputs, outputStride, inputStride, true);
    const bias = place(`b${i}`, 1, outputs, outputStride, 1, false);
    return { inputs, outputs, inputStride, outputStride, weight, bias };
  });
  const tensors = layers.flatMap((layer) => [layer.weight, layer.bias]);
  const trainable = tensors.reduce((sum, tensor) => sum + tensor.rows * tensor.columns, 0);
  return { sizes: [...sizes], layers, tensors, parameters: roundUp(offset, ALIGNMENT), trainable };
}

/** A tensor without its padding, [rows, columns] row-major, copied out of a parameter-sized vector. */
export function readTensor(tensor: Tensor, vector: Float32Array): Float32Array {
  const out = new Float32Array(tensor.rows * tensor.columns);
  for (let r = 0; r < tensor.rows; r++) {
    const start = tensor.offset + r * tensor.stride;
    out.set(vector.subarray(start, start + tensor.columns), r * tensor.columns);
  }
  return out;
}

/** Writes [rows, columns] values into a parameter-sized vector. The padding is left as it is. */
export function writeTensor(tensor: Tensor, vector: Float32Array, values: ArrayLike<number>): void {
  for (let r = 0; r < tensor.rows; r++) {
    for (let c = 0; c < tensor.columns; c++) {
      vector[tensor.offset + r * tensor.stride + c] = values[r * tensor.columns + c];
    }
  }
}
