/**
 * GFLOP/s of the matrix products at the shapes of training steps, as a share of what this machine's multiply-adds can do
 * at the width of the kernels (WebAssembly: 128 bit); and nanoseconds of the small kernels. For native kernels also next
 * to OpenBLAS, where it is installed: the bare product of both, without bias, activation or mask.
 *
 * Every result is compared with the float64 reference before anything is timed. A sample of the peak is taken right
 * before each sample of a kernel, because the clock changes. Printed is the best tenth of the samples: what the machine
 * does when its neighbours let it. One operation is a multiplication or an addition; padding counts for nothing.
 *
 *   npm run build && node bench/kernels.mjs [--kernels NAME]
 */
import { parseArgs } from 'node:util';
import { EPILOGUE, KC, WORKSPACE_BYTES } from '../dist/src/kernels/kernels.js';
import { chooseKernels, instantiateKernels } from '../dist/src/kernels/load.js';
import * as reference from '../dist/src/kernels/reference.js';
import { createPeakMeter } from './peak.mjs';
import { createVectorPeakMeter, openBlas } from './yardsticks.mjs';

const SAMPLES = 61;
const SAMPLE_MS = 1.5;
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

const { values } = parseArgs({ options: { kernels: { type: 'string', default: 'auto' } } });
const chosen = chooseKernels(values.kernels);
const memory = new WebAssembly.Memory({ initial: 512, maximum: 512, shared: true });
const kernels = instantiateKernels(chosen, memory);
const floats = new Float32Array(memory.buffer);
const native = chosen.name === 'native';
const measurePeak = (native ? createVectorPeakMeter() : null) ?? createPeakMeter();
const blas = native ? openBlas() : null;

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
  const spare = matrix(Math.max(rows, pad(inputs, 4)), Math.max(inputs, outputs));
  const flags = EPILOGUE.bias | EPILOGUE.relu;
  return [
    {
      form: 'NN',
      run: (epilogue = flags) =>
        kernels.gemmNN(pad(rows, 4), y.ld, inputs, x.at, x.ld, w.at, w.ld, y.at, y.ld, bias.at, epilogue, 0),
      other: () => blas.sgemm(floats, 0, 0, pad(rows, 4), y.ld, inputs, x.at, x.ld, w.at, w.ld, spare.at, y.ld),
      result: { ...y, rows, columns: outputs },
      expected: () => reference.gemmNN(rows, outputs, inputs, x.dense, w.dense, { bias: bias.dense, relu: true }),
    },
    {
      form: 'TN',
      run: () => kernels.gemmTN(pad(inputs, 4), dw.ld, rows, x.at, x.ld, d.at, d.ld, dw.at, dw.ld, 0, 0),
      other: () => blas.sgemm(floats, 1, 0, pad(inputs, 4), dw.ld, rows, x.at, x.ld, d.at, d.ld, spare.at, dw.ld),
      result: { ...dw, rows: inputs, columns: outputs },
      expected: () => reference.gemmTN(inputs, outputs, rows, x.dense, d.dense),
    },
    {
      form: 'NT',
      run: (epilogue = EPILOGUE.reluMask) =>
        kernels.gemmNT(pad(rows, 4), dx.ld, outputs, d.at, d.ld, w.at, w.ld, dx.at, dx.ld, x.at, epilogue, 0),
      other: () => blas.sgemm(floats, 0, 1, pad(rows, 4), dx.ld, outputs, d.at, d.ld, w.at, w.ld, spare.at, dx.ld),
      result: { ...dx, rows, columns: inputs },
      expected: () => reference.gemmNT(rows, inputs, outputs, d.dense, w.dense, { reluMask: x.dense }),
    },
  ];
}

/** The sample that a tenth of all are below. */
const lowest = (samples) => samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 10)];

/** Runs until the optimising compilers have taken over; returns how many calls make a sample. */
function warmUp(run) {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) run();
  for (let calls = 1; ; calls *= 2) if (calls * sample(run, calls) > SAMPLE_MS) return calls;
}

/** Milliseconds of one call, the mean of so many. */
function sample(run, calls) {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return (performance.now() - start) / calls;
}

/** Milliseconds of one call, the peak at the time, and the share of it that so many operations in a call are. */
function time(run, operations) {
  const calls = warmUp(run);
  const times = [];
  const peaks = [];
  for (let i = 0; i < SAMPLES; i++) {
    peaks.push(-measurePeak(), -measurePeak(), -measurePeak());
    times.push(sample(run, calls));
  }
  const ms = lowest(times);
  const peak = -lowest(peaks);
  return { ms, peak, share: operations / ms / 1e6 / peak };
}

/** How many times as quick as `other`; their samples in turn. */
function compare(run, other) {
  const calls = warmUp(run);
  warmUp(other);
  const [ours, theirs] = [[], []];
  for (let i = 0; i < SAMPLES; i++) {
    ours.push(sample(run, calls));
    theirs.push(sample(other, calls));
  }
  return lowest(theirs) / lowest(ours);
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
const yardstick = blas === null ? '' : `   x OpenBLAS (${blas.core})`;
console.log(`rows x inputs x outputs  form       us  GFLOP/s    peak   share${yardstick}`);
for (const [rows, inputs, outputs] of LAYERS) {
  for (const { form, run, other, result, expected } of products(rows, inputs, outputs)) {
    run();
    check(form, result, expected(), Math.max(rows, inputs, outputs) * 2 ** -20);
    const operations = 2 * rows * inputs * outputs;
    const { ms, share, peak } = time(() => run(), operations);
    const shape = `${rows} x ${inputs} x ${outputs}`;
    const figures = [
      (ms * 1e3).toFixed(2).padStart(8),
      (operations / ms / 1e6).toFixed(1).padStart(8),
      peak.toFixed(1).padStart(7),
    ];
    const ratio =
      blas === null
        ? ''
        : compare(() => run(0), other)
            .toFixed(2)
            .padStart(7);
    console.log(`${shape.padEnd(23)}  ${form} ${figures.join(' ')} ${(share * 100).toFixed(0).padStart(6)}%${ratio}`);
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
