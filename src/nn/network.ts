/**
 * A network is a list of dense layers over one flat parameter vector, with learned pieces before the first of them. This file
 * says what there is (NetworkSpec: plain JSON, stored in a model) and where each tensor lies (Network).
 *
 * Dimension letters: B rows, I inputs, O outputs, P parameters. y[B, O] = f(x[B, I] W[I, O] + b[O]); with a learned blend the
 * hidden activation is h + a (f(h) - h), a[O]. With layer norm a hidden layer normalises each row of its product before the
 * activation; in a residual network each hidden layer of as many units as the one before it adds its input to what it passes on:
 *
 *   y = x + dropout(f(norm(x W + b)))
 *
 * (a block of rtdl's ResNet, Gorishniy et al., NeurIPS 2021, with one layer in it; layer norm: Ba, Kiros, Hinton 2016). What goes
 * into the first layer is
 *
 *   s * [ inputs of a row | 3 periodic functions of each of the first numbers | 8 learned values of each embedded category ]
 *
 * Padding: leading dimensions of the layers are multiples of 8 and W has as many stored rows as the leading dimension of its
 * input, all padding zero, so that kernels need no edge cases. The output layer of one unit is stored as a vector (leading
 * dimension 1). Padding stays zero through training: its gradients are sums of products with zero padding, and every
 * optimiser maps (0, 0) to 0. Model files hold the tensors without padding.
 */
import type { ActivationName } from './activations/index.js';

/** Float32 elements to which a tensor's start is aligned: one 64-byte line. */
const ALIGNMENT = 16;
const PADDING = 8;

/** Frequencies of a periodic embedding, and what is made of them: as in RealMLP (Holzmueller et al., NeurIPS 2024). */
export const PERIODIC_FREQUENCIES = 16;
export const PERIODIC_WIDTH = 3;
/** Learned values of an embedded category. */
export const EMBEDDING_WIDTH = 8;

/** What a network is made of: plain JSON. */
export interface NetworkSpec {
  /** Inputs that a row brings, hidden widths, outputs; at least two positive integers. */
  readonly sizes: readonly number[];
  /** Of the hidden layers. */
  readonly activation: ActivationName;
  /** Whether each hidden unit learns how much of its activation it takes: h + a (f(h) - h). */
  readonly blend: boolean;
  /** Whether each input of the first layer is multiplied with a learned factor. */
  readonly inputScale: boolean;
  /** Whether hidden layers of equal width add their input to their output. */
  readonly residual: boolean;
  /** Whether hidden layers normalise each row before the activation, with a learned scale and shift for each unit. */
  readonly layerNorm: boolean;
  /** How many of a row's inputs, the first ones, are numbers with periodic functions beside them; 0 for none. */
  readonly periodic: number;
  /** Values of each category whose learned values stand in the input for it, in the order of their codes. */
  readonly embeddings: readonly number[];
}

/** A network of dense layers alone. */
export function denseNetwork(sizes: readonly number[], activation: ActivationName): NetworkSpec {
  return {
    sizes: [...sizes],
    activation,
    blend: false,
    inputScale: false,
    residual: false,
    layerNorm: false,
    periodic: 0,
    embeddings: [],
  };
}

/** Numbers that a row brings: inputs, then the code of each embedded category. */
export function rowWidth({ sizes, embeddings }: Pick<NetworkSpec, 'sizes' | 'embeddings'>): number {
  return sizes[0] + embeddings.length;
}

/** What a tensor is; rates and decay may differ by it (groups.ts). */
export type TensorKind = 'weight' | 'bias' | 'norm' | 'blend' | 'scale' | 'periodic' | 'embedding';

/** One tensor of the parameter vector. */
export interface Tensor {
  /** W0, b0, normScale0, normShift0, a0, W1 … s, periodicW1 … embedding0 … */
  readonly name: string;
  readonly kind: TensorKind;
  /** Without padding; one number for a vector. */
  readonly shape: readonly number[];
  /** Rows without padding: I of a weight, 1 of a vector. */
  readonly rows: number;
  /** Columns without padding: O. */
  readonly columns: number;
  /** Leading dimension. */
  readonly stride: number;
  /** First element in the parameter vector. */
  readonly offset: number;
  /** Elements with padding. */
  readonly length: number;
}

/** Of the normalised product of a hidden layer; [O] each. */
export interface NormTensors {
  readonly scale: Tensor;
  readonly shift: Tensor;
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
  /** Of a hidden layer that normalises its product. */
  readonly norm: NormTensors | null;
  /** Of a hidden layer that learns its blend. */
  readonly blend: Tensor | null;
  /** Whether it adds its input to what it passes on. */
  readonly skip: boolean;
}

/** PBLD (Holzmueller et al. 2024, after Gorishniy et al. 2022): W2' cos(2 pi w1 x + b1) + b2 for each of N numbers. */
export interface PeriodicTensors {
  /** w1 [N, PERIODIC_FREQUENCIES] */
  readonly frequency: Tensor;
  /** b1 [N, PERIODIC_FREQUENCIES], radians */
  readonly phase: Tensor;
  /** W2 [N * PERIODIC_FREQUENCIES, PERIODIC_WIDTH] */
  readonly weight: Tensor;
  /** b2 [N, PERIODIC_WIDTH] */
  readonly bias: Tensor;
}

/** Inputs of the first layer that are made of others: the columns from `start`. */
export interface DerivedInputs {
  readonly start: number;
  readonly width: number;
  /** Leading dimension of their gradient. */
  readonly stride: number;
  readonly periodic: PeriodicTensors | null;
  /** First column of the embeddings. */
  readonly embeddingStart: number;
  /** [values, EMBEDDING_WIDTH] each. */
  readonly embeddings: readonly Tensor[];
}

/** Where everything of a network lies. Plain data: can be posted to a worker. */
export interface Network extends NetworkSpec {
  readonly layers: readonly DenseLayer[];
  /** s [inputs of the first layer] */
  readonly scale: Tensor | null;
  readonly derived: DerivedInputs | null;
  /** In file order: W0, b0, normScale0, normShift0, a0, W1 … s, periodicW1 … embedding0 … */
  readonly tensors: readonly Tensor[];
  /** P, padding included; a multiple of 16. */
  readonly parameters: number;
  /** Parameters without padding, for people. */
  readonly trainable: number;
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Lays out a network. */
export function planNetwork(spec: NetworkSpec): Network {
  const { sizes, blend, inputScale, residual, layerNorm, periodic, embeddings } = spec;
  const tensors: Tensor[] = [];
  let offset = 0;
  const place = (name: string, kind: TensorKind, shape: number[], stride: number, storedRows: number): Tensor => {
    const [rows, columns] = shape.length === 1 ? [1, shape[0]] : shape;
    const tensor: Tensor = { name, kind, shape, rows, columns, stride, offset, length: storedRows * stride };
    offset = roundUp(offset + tensor.length, ALIGNMENT);
    tensors.push(tensor);
    return tensor;
  };
  /** Rows one after the other, without padding. */
  const placeTable = (name: string, kind: TensorKind, rows: number, columns: number): Tensor =>
    place(name, kind, [rows, columns], columns, rows);

  const derivedWidth = PERIODIC_WIDTH * periodic + EMBEDDING_WIDTH * embeddings.length;
  const derivedStride = roundUp(derivedWidth, PADDING);
  const layers = sizes.slice(1).map((outputs, i): DenseLayer => {
    const isOutput = i === sizes.length - 2;
    const inputs = i === 0 ? sizes[0] + derivedWidth : sizes[i];
    // The weights of derived inputs are read as a matrix of derivedStride rows.
    const inputStride = roundUp(i === 0 ? sizes[0] + derivedStride : inputs, PADDING);
    const outputStride = isOutput && outputs === 1 ? 1 : roundUp(outputs, PADDING);
    const weight = place(`W${i}`, 'weight', [inputs, outputs], outputStride, inputStride);
    const bias = place(`b${i}`, 'bias', [outputs], outputStride, 1);
    const placeUnits = (name: string): Tensor => place(`${name}${i}`, 'norm', [outputs], outputStride, 1);
    const norm = layerNorm && !isOutput ? { scale: placeUnits('normScale'), shift: placeUnits('normShift') } : null;
    const blended = blend && !isOutput ? place(`a${i}`, 'blend', [outputs], outputStride, 1) : null;
    const skip = residual && !isOutput && i > 0 && inputs === outputs;
    return { inputs, outputs, inputStride, outputStride, weight, bias, norm, blend: blended, skip };
  });
  const [{ inputs, inputStride }] = layers;
  const scale = inputScale ? place('s', 'scale', [inputs], inputStride, 1) : null;
  const periodicTensors: PeriodicTensors | null =
    periodic === 0
      ? null
      : {
          frequency: placeTable('periodicW1', 'periodic', periodic, PERIODIC_FREQUENCIES),
          phase: placeTable('periodicB1', 'periodic', periodic, PERIODIC_FREQUENCIES),
          weight: placeTable('periodicW2', 'periodic', periodic * PERIODIC_FREQUENCIES, PERIODIC_WIDTH),
          bias: placeTable('periodicB2', 'periodic', periodic, PERIODIC_WIDTH),
        };
  const derived: DerivedInputs = {
    start: sizes[0],
    width: derivedWidth,
    stride: derivedStride,
    periodic: periodicTensors,
    embeddingStart: sizes[0] + PERIODIC_WIDTH * periodic,
    embeddings: embeddings.map((values, i) => placeTable(`embedding${i}`, 'embedding', values, EMBEDDING_WIDTH)),
  };
  return {
    ...specOf(spec),
    layers,
    scale,
    derived: derivedWidth === 0 ? null : derived,
    tensors,
    parameters: roundUp(offset, ALIGNMENT),
    trainable: tensors.reduce((sum, tensor) => sum + tensor.rows * tensor.columns, 0),
  };
}

/** The description alone, copied: what a model file holds of a network. */
export function specOf(spec: NetworkSpec) {
  const { sizes, activation, blend, inputScale, residual, layerNorm, periodic, embeddings } = spec;
  return {
    sizes: [...sizes],
    activation,
    blend,
    inputScale,
    residual,
    layerNorm,
    periodic,
    embeddings: [...embeddings],
  };
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
