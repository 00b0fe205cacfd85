/**
 * GFLOP/s of the matrix products at the shapes of training steps, as a share of this machine's 128-bit multiply-add
 * peak; and nanoseconds of the small kernels.
 *
 * Every result is compared with the float64 reference before anything is timed. A sample of the peak is taken right
 * before each sample of a kernel, because the clock and the neighbours change; medians of samples and of their ratios
 * are printed. One operation is a multiplication or an addition; padding counts for nothing.
 *
 *   npm run build && node bench/kernels.mjs [wasm-fma|wasm-strict]
 */
import { EPILOGUE, KC, WORKSPACE_BYTES } from '../dist/src/kernels/kernels.js';
import { chooseKernels, instantiateKernels } from '../dist/src/kernels/load.js';
import * as reference from '../dist/src/kernels/reference.js';
import { createPeakMeter } from './peak.mjs';

const SAMPLES = 41;
const SAMPLE_MS = 3;
const WARM_UP_MS = 600;

/** rows x inputs x outputs of a layer. */
const LAYERS = [
  [100, 2, 10],
  [256, 16, 16],
  [256, 16, 64],
  [256, 64, 64],
  [256, 64, 256],
  [256, 256, 256],
  [256, 512, 512],
  [256, 784, 512],
  [256, 512, 10],
];

const request = process.argv[2] ?? 'auto';
const chosen = chooseKernels(request);
const memory = new WebAssembly.Memory({ initial: 512, maximum: 512, shared: true });
const kernels = instantiateKernels(chosen.module, chosen.name, memory);
const floats = new Float32Array(memory.buffer);
const measurePeak = createPeakMeter();

let top = WORKSPACE_BYTES;
/** A matrix with its rows padded to 8 floats, and its base moved by odd multiples of 64 bytes; random, padding 0. */
function matrix(rows, columns) {
  const ld = Math.ceil(columns / 8) * 8;
  const at = top;
  top += Math.ceil((Math.ceil(rows / 4) * 4 * ld * 4) / 64) * 64 + 64 * 5;
  let state = rows * 31 + columns;
  const dense = Float32Array.from({ length: rows * columns }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
  for (let row = 0; row < rows; row++) {
    floats.set(dense.subarray(row * columns, (row + 1) * columns), at / 4 + row * ld);
  }
  return { at, ld, rows, columns, dense };
}

const pad = (n, to) => Math.ceil(n / to) * to;

/** The three products of a layer: forward with bias and relu, weight gradient, input gradient with mask. */
function products(rows, inputs, outputs) {
  top = WORKSPACE_BYTES;
  const x = matrix(rows, inputs);
  const w = matrix(inputs, outputs);
  const d = matrix(rows, outputs);
  const bias = matrix(1, outputs);
  const y = matrix(rows, outputs);
  const dw = matrix(pad(inputs, 4), outputs);
  const dx = matrix(rows, inputs);
  const flags = EPILOGUE.bias | EPILOGUE.relu;
  return [
    {
      form: 'NN',
      run: () => kernels.gemmNN(pad(rows, 4), y.ld, inputs, x.at, x.ld, w.at, w.ld, y.at, y.ld, bias.at, flags, 0),
      result: { ...y, rows, columns: outputs },
      expected: () => reference.gemmNN(rows, outputs, inputs, x.dense, w.dense, { bias: bias.dense, relu: true }),
    },
    {
      form: 'TN',
      run: () => kernels.gemmTN(pad(inputs, 4), dw.ld, rows, x.at, x.ld, d.at, d.ld, dw.at, dw.ld, 0, 0),
      result: { ...dw, rows: inputs, columns: outputs },
      expected: () => reference.gemmTN(inputs, outputs, rows, x.dense, d.dense),
    },
    {
      form: 'NT',
      run: () =>
        kernels.gemmNT(pad(rows, 4), dx.ld, outputs, d.at, d.ld, w.at, w.ld, dx.at, dx.ld, x.at, EPILOGUE.reluMask, 0),
      result: { ...dx, rows, columns: inputs },
      expected: () => reference.gemmNT(rows, inputs, outputs, d.dense, w.dense, { reluMask: x.dense }),
    },
  ];
}

const median = (samples) => samples.toSorted((a, b) => a - b)[samples.length >> 1];

/** Median milliseconds of one call, and the median peak and ratio of nearby samples. */
function time(run, operations) {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) run();
  let calls = 1;
  for (;;) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    if (performance.now() - start > SAMPLE_MS) break;
    calls *= 2;
  }
  const samples = Array.from({ length: SAMPLES }, () => {
    const peak = Math.max(measurePeak(), measurePeak(), measurePeak());
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    const ms = (performance.now() - start) / calls;
    return { ms, share: operations / ms / 1e6 / peak, peak };
  });
  return {
    ms: median(samples.map(({ ms }) => ms)),
    share: median(samples.map(({ share }) => share)),
    peak: median(samples.map(({ peak }) => peak)),
  };
}

function check(name, { at, ld, rows, columns }, expected, tolerance) {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const actual = floats[at / 4 + row * ld + column];
      const error = Math.abs(actual - expected[row * columns + column]);
      if (!(error <= tolerance)) throw new Error(`${name}: element ${row},${column} is off by ${error}`);
    }
  }
}

console.log(`${chosen.name} (${chosen.reason}), Node ${process.versions.node}; one core`);
console.log('rows x inputs x outputs  form       us  GFLOP/s    peak   share');
for (const [rows, inputs, outputs] of LAYERS) {
  for (const { form, run, result, expected } of products(rows, inputs, outputs)) {
    run();
    check(form, result, expected(), Math.max(rows, inputs, outputs) * 2 ** -20);
    const operations = 2 * rows * inputs * outputs;
    const { ms, share, peak } = time(run, operations);
    const shape = `${rows} x ${inputs} x ${outputs}`;
    const figures = [
      (ms * 1e3).toFixed(2).padStart(8),
      (operations / ms / 1e6).toFixed(1).padStart(8),
      peak.toFixed(1).padStart(7),
    ];
    console.log(`${shape.padEnd(23)}  ${form} ${figures.join(' ')} ${(share * 100).toFixed(0).padStart(6)}%`);
  }
}

/** name, elements a call, the call. */
top = WORKSPACE_BYTES;
const rows = 100;
const hidden = matrix(rows, 10);
const vector = matrix(1, 16);
const column = matrix(1, rows);
const targets = matrix(1, rows);
const out = matrix(rows, 10);
const wide = matrix(KC, 256);
const other = matrix(KC, 256);
const logits = matrix(KC, 26);
const gradient = matrix(KC, 26);
const labels = matrix(1, KC);
floats.fill(3, labels.at / 4, labels.at / 4 + KC);
const all = KC * 256;
const restore = () => floats.set(wide.dense, wide.at / 4);
const SMALL = [
  ['gemvForward 100 x 10', () => kernels.gemvForward(rows, 10, hidden.at, 16, vector.at, vector.at, column.at)],
  ['gemvWeightGradient 100 x 10', () => kernels.gemvWeightGradient(rows, 16, hidden.at, 16, column.at, vector.at, 0)],
  [
    'gemvInputGradient 100 x 10',
    () => kernels.gemvInputGradient(rows, 16, column.at, vector.at, out.at, 16, hidden.at, 8),
  ],
  ['biasGradient 100 x 10', () => kernels.biasGradient(rows, 16, out.at, 16, vector.at, 0)],
  ['biasGradient 100 x 1', () => kernels.biasGradient(rows, 1, targets.at, 1, vector.at, 0)],
  ['squaredErrorLoss 100 x 1', () => kernels.squaredErrorLoss(rows, 1, targets.at, 1, hidden.at, 0, out.at, 1)],
  [
    'binaryCrossEntropyLoss 100 x 1',
    () => kernels.binaryCrossEntropyLoss(rows, 1, targets.at, 1, hidden.at, 0, out.at),
  ],
  ['crossEntropyLoss 256 x 26', () => kernels.crossEntropyLoss(KC, 26, logits.at, 32, labels.at, 0, gradient.at)],
  ['updateSgd 44', () => kernels.updateSgd(hidden.at, out.at, 44, 100, 0, 1, 0, 0)],
  ['reluForward 256 x 256', () => kernels.reluForward(wide.at, all)],
  ['tanhForward 256 x 256', () => kernels.tanhForward(wide.at, all)],
  ['sigmoidForward 256 x 256', () => kernels.sigmoidForward(wide.at, all)],
  ['tanhBackward 256 x 256', () => kernels.tanhBackward(other.at, wide.at, all)],
  ['add 65536', () => kernels.add(other.at, wide.at, all)],
  ['updateSgd 65536', () => kernels.updateSgd(other.at, wide.at, all, 100, 0, 1, 0, 0)],
  [
    'updateAdam 65536',
    () => kernels.updateAdam(other.at, wide.at, wide.at, wide.at, all, 1, 0, 1, 1, 0.9, 0.999, 0, 1, 1),
  ],
  ['sumSquares 65536', () => kernels.sumSquares(wide.at, all)],
];
console.log('\nkernel                                us');
for (const [name, run] of SMALL) {
  restore();
  const { ms } = time(run, 1);
  console.log(`${name.padEnd(31)} ${(ms * 1e3).toFixed(3).padStart(8)}`);
}
