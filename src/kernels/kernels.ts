/**
 * What every kernel set offers: the arithmetic of a training step, on byte offsets into one shared memory.
 *
 * Dimension letters: M, N, K the sizes of a product; B rows; I inputs; O outputs; P parameters.
 * A pointer is a byte offset, 16-byte aligned. A leading dimension (lda, ldb, …) counts float32 elements.
 * Matrices are row-major float32. Nothing here allocates, and nothing needs to check a bound: the memory plan does (those
 * of `native` check all the same, since a wrong address there is a crash and not an exception).
 *
 * The arithmetic contract that makes kernel sets interchangeable: every element of a product is ONE fused
 * multiply-add chain over k, started at 0, in blocks of KC = 256; the first block is stored, later ones are added to it
 * (`c = chain + c`); bias is added and the activation applied after the last block. Neither tile nor vector width shows.
 * The strict set does the same with a multiplication and an addition in place of the fused operation.
 * Everything else (activations, losses, updates) rounds each operation once and fuses none, in every set.
 */

/** Rows of k in one multiply-add chain; also the most rows that the step hands to a kernel at once. */
export const KC = 256;

/** Bytes of scratch that a product may use for packing, for any shape. */
export const WORKSPACE_BYTES = 1 << 20;

/** Bits of the `epilogue` argument. */
export const EPILOGUE = {
  /** Add the product to what C holds (`c = product + c`). Only with K <= KC. */
  accumulate: 1,
  /** Add `bias[n]` to every row. */
  bias: 2,
  /** c < 0 ? 0 : c, so that NaN stays NaN. */
  relu: 4,
  /** Zero c where mask <= 0 (the backward pass of relu, by the stored output); NaN in the mask lets c through. */
  reluMask: 8,
} as const;

export type Arithmetic = 'fma' | 'strict';
export type KernelName = 'native' | 'wasm-fma' | 'wasm-strict';

/**
 * Copies rows of a table, `stride` float32 each, that slots[rows] (u32) name: the first `numbers` of a row to x[rows, ldx], `targets`
 * from its element `targetAt` on to y[rows, targets], and its last to weights[rows], unless `weights` is 0.
 */
export type GatherRows = (
  rows: number, slots: number, stride: number, numbers: number, x: number, ldx: number, targetAt: number, targets: number, y: number,
  weights: number,
) => void;

export interface Kernels {
  readonly name: KernelName;
  readonly arithmetic: Arithmetic;

  // ---- products. M is a multiple of 4, N of 8 (leading dimensions are padded with zeros); K is exact, any >= 0.

  /** C[M,N] = epilogue(A[M,K] B[K,N]). Epilogues: bias, relu. */
  gemmNN(
    m: number, n: number, k: number, a: number, lda: number, b: number, ldb: number, c: number, ldc: number,
    bias: number, epilogue: number, workspace: number,
  ): void;
  /** C[M,N] = epilogue(A[K,M]^T B[K,N]): the weight gradient, K rows. Epilogue: accumulate. */
  gemmTN(
    m: number, n: number, k: number, a: number, lda: number, b: number, ldb: number, c: number, ldc: number,
    epilogue: number, workspace: number,
  ): void;
  /** C[M,N] = epilogue(A[M,K] B[N,K]^T): the input gradient. Epilogue: reluMask, with mask[M,N] laid out like C. */
  gemmNT(
    m: number, n: number, k: number, a: number, lda: number, b: number, ldb: number, c: number, ldc: number,
    mask: number, epilogue: number, workspace: number,
  ): void;

  // ---- layers of one output: W is a vector [K], outputs are a vector [M].

  /** y[M] = A[M,K] w[K] + bias[0] (one chain over k in blocks of KC, then the bias). M a multiple of 4. */
  gemvForward(m: number, k: number, a: number, lda: number, w: number, bias: number, y: number): void;
  /** g[N] = A[K,N]^T d[K] (+ g where accumulate). K rows, exact, K <= KC; N a multiple of 8. */
  gemvWeightGradient(k: number, n: number, a: number, lda: number, d: number, g: number, accumulate: number): void;
  /** C[M,N] = d[M] w[N]^T, with the reluMask epilogue. M a multiple of 4, N of 8. */
  gemvInputGradient(m: number, n: number, d: number, w: number, c: number, ldc: number, mask: number, epilogue: number): void;

  /** g[n] = sum over rows of d[rows, n], in row order (+ g where accumulate). rows <= KC; n exact when ld is 1, else a multiple of 8. */
  biasGradient(rows: number, n: number, d: number, ld: number, g: number, accumulate: number): void;

  // ---- activations, in place, over `count` contiguous float32 (a multiple of 4).

  leakyReluForward(h: number, count: number, slope: number): void;
  /** d *= (h > 0 ? 1 : slope), where h is the stored output. NaN in h keeps d. */
  leakyReluBackward(d: number, h: number, count: number, slope: number): void;
  tanhForward(h: number, count: number): void;
  tanhBackward(d: number, h: number, count: number): void;
  sigmoidForward(h: number, count: number): void;
  sigmoidBackward(d: number, h: number, count: number): void;
  /** h > 0 ? scale h : alpha (e^h - 1): scale = alpha = 1 is elu. */
  eluForward(h: number, count: number, scale: number, alpha: number): void;
  /** d *= h > 0 ? scale : h + alpha, where h is the stored output. */
  eluBackward(d: number, h: number, count: number, scale: number, alpha: number): void;

  // ---- gated activations h = x gate(x), in place. Their derivative goes to `slope`, unless that is 0; backward is `multiply`.

  /** gate = 1 / (1 + e^-x) */
  siluForward(h: number, slope: number, count: number): void;
  /** gate = Phi(x), the normal distribution itself */
  geluForward(h: number, slope: number, count: number): void;
  /** gate = tanh(ln(1 + e^x)) */
  mishForward(h: number, slope: number, count: number): void;
  /** d *= slope. */
  multiply(d: number, slope: number, count: number): void;

  // ---- learned pieces

  /**
   * The blend z + a (h - z), a[columns], of an activation h of z, contiguous and in place: h becomes the blend, z becomes h - z, and
   * slope, unless it is 0, becomes 1 + a (slope - 1). columns a multiple of 4.
   */
  blendForward(h: number, z: number, slope: number, a: number, rows: number, columns: number): void;
  /** g[n] = sum over rows of d * bend, contiguous, in row order (+ g where accumulate); n a multiple of 8. */
  blendGradient(rows: number, n: number, d: number, bend: number, g: number, accumulate: number): void;
  /** to[rows, columns] = s[rows] * w, contiguous; columns a multiple of 4, or 1 with rows a multiple of 4. */
  scaleRows(rows: number, columns: number, w: number, s: number, to: number): void;
  /** From the gradient g of s * w: gw = s * g and gs = the row sums of w * g (both + what they hold where accumulate). */
  scaleRowsGradient(rows: number, columns: number, g: number, w: number, s: number, gw: number, gs: number, accumulate: number): void;
  /**
   * Layer norm of each row of z[rows, n], in place: x = (z - mean) / sqrt(variance + 1e-5) becomes scale[n] * x + shift[n]. Unless
   * `normalised` is 0 it receives x, laid out like z, and inverse[rows] receives 1 / sqrt(…). ld a multiple of 8; columns beyond n
   * hold zeros, and keep them.
   */
  layerNormForward(
    rows: number, n: number, z: number, ld: number, scale: number, shift: number, normalised: number, inverse: number,
  ): void;
  /** d by the output becomes d by the input: inverse * (g - mean(g) - x * mean(g * x)) with g = scale * d, over each row. */
  layerNormBackward(rows: number, n: number, d: number, ld: number, scale: number, normalised: number, inverse: number): void;
  /**
   * y[rows, 3 * numbers] = W2' cos(2 pi w1 x + b1) + b2 of each number of x[rows, numbers]: w1 and b1 [numbers, 16], W2
   * [16 * numbers, 3] and b2 [numbers, 3], contiguous. rows a multiple of 4.
   */
  periodicForward(
    rows: number, numbers: number, x: number, ldx: number, frequency: number, phase: number, weight: number, bias: number, y: number,
    ldy: number,
  ): void;
  /** The gradients by w1, b1, W2 and b2, from d of y (+ what they hold where accumulate). rows exact, at most KC. */
  periodicGradient(
    rows: number, numbers: number, x: number, ldx: number, d: number, ldd: number, frequency: number, phase: number, weight: number,
    gFrequency: number, gPhase: number, gWeight: number, gBias: number, accumulate: number, workspace: number,
  ): void;

  /**
   * to[rows, columns] = from * scale where the hash of (keys, firstRow + row, column) is below `keepBelow`, else 0; contiguous, and
   * `to` may be `from`. columns a multiple of 4. Keys, rows and hashes are 32-bit words, compared as unsigned.
   */
  dropout(
    from: number, to: number, rows: number, columns: number, rowKey: number, unitKey: number, firstRow: number, keepBelow: number,
    scale: number,
  ): void;

  /**
   * to[0 .. count) = images of consecutive positions, from position right * a + left, as unsigned words; up to 3 words more are written.
   * size, a, b and the four keys are those of a permutation of 256 positions or more (random/permutation.ts), which this
   * computes faster.
   */
  permute(
    to: number, left: number, right: number, count: number, size: number, a: number, b: number,
    key0: number, key1: number, key2: number, key3: number,
  ): void;

  // ---- losses on logits z[rows, outputs] with leading dimension ld (1 when outputs is 1).
  // Each writes d[rows, ld] = weight * d(loss row)/dz, zero in the padding columns, and returns the float64 sum over rows,
  // in row order, of weight * loss. `weights` is a pointer to float32 [rows], or 0 for all ones.
  // A row of weight 0 contributes exactly 0 to the sum and to d, whatever its loss (selected, not multiplied).
  // y is [rows, outputs] contiguous float32 (leading dimension `outputs`); for crossEntropy the class index [rows].

  /** scale * mean over outputs of (z - y)^2: scale 1 is mse, 0.5 half_mse. */
  squaredErrorLoss(rows: number, outputs: number, z: number, ld: number, y: number, weights: number, d: number, scale: number): number;
  /** mean over outputs of |z - y|; derivative 0 at 0. */
  absoluteErrorLoss(rows: number, outputs: number, z: number, ld: number, y: number, weights: number, d: number): number;
  /** mean over outputs of the Huber loss: e^2/2 while |e| <= delta, else delta (|e| - delta/2). */
  huberLoss(rows: number, outputs: number, z: number, ld: number, y: number, weights: number, d: number, delta: number): number;
  /** mean over outputs of e^z - y z: the Poisson likelihood of y >= 0, without what does not depend on z. */
  poissonLoss(rows: number, outputs: number, z: number, ld: number, y: number, weights: number, d: number): number;
  /**
   * One output of several, each of which has a quantile: 1 / outputs of quantile * (y - z) where y > z, else (1 - quantile) * (z - y);
   * derivative 1/2 - quantile at 0. Reads column `column` of z and every ldy-th target, and writes column `column` of d; column 0
   * clears the rest of d, so it comes first.
   */
  pinballLoss(
    rows: number, outputs: number, column: number, z: number, ld: number, y: number, ldy: number, weights: number, d: number, quantile: number,
  ): number;
  /** mean over outputs of binary cross-entropy on logits, target y in [0, 1] moved to (1 - smoothing) y + smoothing / 2. */
  binaryCrossEntropyLoss(rows: number, outputs: number, z: number, ld: number, y: number, weights: number, d: number, smoothing: number): number;
  /**
   * Softmax cross-entropy on logits, y the class index. outputs >= 2, ld a multiple of 4. A row with a logit that is not finite,
   * or a class that is not 0 … outputs - 1, gives NaN, in the sum and in all of its d. The target is (1 - smoothing) of the class
   * and smoothing / outputs of every class.
   */
  crossEntropyLoss(rows: number, outputs: number, z: number, ld: number, y: number, weights: number, d: number, smoothing: number): number;
  /** In place: z[rows, outputs] (ld) becomes its softmax, with the same arithmetic as crossEntropyLoss. Padding columns become 0. */
  softmax(rows: number, outputs: number, z: number, ld: number): void;

  // ---- reduction and update, over `count` float32 (a multiple of 4). A gradient g becomes
  // g' = clip * (g / divisor + l2 * p): divisor is the total weight (1 for a sum), l2 = 0 and clip = 1 skip their term.

  /** destination += source. */
  add(destination: number, source: number, count: number): void;
  /** g = (g / divisor) + l2 * p, in place. What `update*` would do itself; apart, for clipping. */
  finalizeGradient(g: number, p: number, count: number, divisor: number, l2: number): void;
  /** float64 sum of squares, in a fixed order that depends on count alone. */
  sumSquares(x: number, count: number): number;

  /** p -= rate * (g' + weightDecay * p) for sgd; g' is the finalised gradient. weightDecay is decoupled (0: none). */
  updateSgd(p: number, g: number, count: number, divisor: number, l2: number, clip: number, rate: number, weightDecay: number): void;
  /** PyTorch's SGD with momentum: v = momentum v + g'; p -= rate * (nesterov ? g' + momentum v : v); decay p *= 1 - rate weightDecay first. */
  updateMomentum(
    p: number, g: number, v: number, count: number, divisor: number, l2: number, clip: number, rate: number, weightDecay: number,
    momentum: number, nesterov: number,
  ): void;
  /**
   * A rate for each parameter, by the root of its squared gradients: v = keep v + take g'^2; p = decay p - rate g' / (sqrt(v) +
   * epsilon). keep + take = 1 is RMSprop, keep = take = 1 AdaGrad.
   */
  updateScaled(
    p: number, g: number, v: number, count: number, divisor: number, l2: number, clip: number,
    decay: number, keep: number, take: number, rate: number, epsilon: number,
  ): void;
  /**
   * Adam with decoupled decay (Kingma & Ba 2015, Loshchilov & Hutter 2019): p *= 1 - rate weightDecay; m, v as usual;
   * p -= stepSize * m / (sqrt(v) * inverseRoot + epsilon), stepSize = rate / (1 - beta1^t), inverseRoot = 1 / sqrt(1 - beta2^t).
   */
  updateAdam(
    p: number, g: number, m: number, v: number, count: number, divisor: number, l2: number, clip: number,
    decay: number, beta1: number, beta2: number, stepSize: number, inverseRoot: number, epsilon: number,
  ): void;

  /** a = keep * a + take * p: a running average of the parameters. */
  average(a: number, p: number, count: number, keep: number, take: number): void;

  // ---- rows, where the set can read what lies outside of its memory (`native`)

  /** A gather of rows of `table`, a view of a shared buffer, into the memory. It throws where a row does not lie in the table. */
  readonly gatherFrom?: (table: Float32Array) => GatherRows;

  // ---- elementary functions, for anyone who must not use Math

  exp(x: number): number;
  log(x: number): number;
}

/** The part that the set `native` has in C: what takes most of a step's time. */
export type NativeKernels = Pick<
  Kernels,
  | 'gemmNN'
  | 'gemmTN'
  | 'gemmNT'
  | 'updateSgd'
  | 'updateMomentum'
  | 'updateAdam'
  | 'add'
  | 'multiply'
  | 'eluForward'
  | 'eluBackward'
  | 'mishForward'
  | 'blendForward'
  | 'blendGradient'
  | 'biasGradient'
  | 'dropout'
  | 'scaleRows'
  | 'periodicForward'
  | 'periodicGradient'
>;
