/** Learned pieces of a network, groups of parameters and running averages against PyTorch; goldens of dense networks: golden.test.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLab } from '../src/train/lab.js';
import type { LabOptions, Tensors } from '../src/train/lab-options.js';

interface Case {
  name: string;
  options: LabOptions & { sizes: number[]; embeddings: number[] };
  batchSize: number;
  X: number[];
  y: number[];
  batches: number[][];
  losses: number[];
  init: Record<string, number[]>;
  grad0: Record<string, number[]>;
  final: Record<string, number[]>;
  average?: Record<string, number[]>;
}

const oracle = JSON.parse(readFileSync(new URL('./oracles/learned.json', import.meta.url), 'utf8')) as {
  source: string;
  cases: Case[];
};
const TOLERANCE = 1e-4;

const pick = (values: readonly number[], rows: readonly number[], width: number): number[] =>
  rows.flatMap((row) => values.slice(row * width, (row + 1) * width));

function expectAlike(got: Tensors, expected: Record<string, number[]>, what: string): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    const magnitude = Math.max(...values.map(Math.abs));
    const error = Math.max(...values.map((value, i) => Math.abs(value - got[name][i])));
    expect(error, `${what} of ${name}`).toBeLessThanOrEqual(TOLERANCE * Math.max(magnitude, 1e-3));
  }
}

function check(golden: Case, layout: Pick<LabOptions, 'shards' | 'workers' | 'kernels'>): void {
  const { options, batches, losses } = golden;
  const width = options.sizes[0] + options.embeddings.length;
  const rows = golden.X.length / width;
  const lab = createLab({ ...options, ...layout, batchSize: golden.batchSize, parameters: golden.init });
  batches.forEach((batch, k) => {
    const y = pick(golden.y, batch, golden.y.length / rows);
    const { loss, gradient } = lab.step({ x: pick(golden.X, batch, width), y });
    expect(Math.abs(loss - losses[k]), `loss of step ${k}`).toBeLessThanOrEqual(TOLERANCE * losses[k]);
    if (k === 0) expectAlike(gradient, golden.grad0, 'gradient');
  });
  expectAlike(lab.parameters(), golden.final, 'final value');
  expectAlike(lab.average(), golden.average ?? golden.final, 'average');
}

describe(`learned pieces agree with ${oracle.source} to 1e-4 of the largest magnitude`, () => {
  it.each(oracle.cases)('$name', (golden) => {
    check(golden, {});
    check(golden, { kernels: 'wasm-strict' });
    check(golden, { shards: 4, workers: 3 });
  });

  it('a wrong value is noticed', () => {
    const golden = structuredClone(oracle.cases.find(({ name }) => name === 'everything')!);
    golden.final.periodicW1[3] += 0.01;
    expect(() => check(golden, {})).toThrow('final value of periodicW1');
  });
});

describe('a lab with embeddings', () => {
  const lab = createLab({ sizes: [1, 3, 1], embeddings: [4], batchSize: 2 });

  it('refuses a code that is none', () => {
    expect(() => lab.step({ x: [0.5, 1, 0.5, 4], y: [1, 1] })).toThrow('row 1 of x has the code 4; expected -1 to 3');
  });

  it('gives a missing code no value and no gradient', () => {
    const { gradient } = lab.step({ x: [0.5, -1, 0.5, 2], y: [1, 1] });
    const touched = Array.from({ length: 4 }, (_, v) =>
      gradient.embedding0.slice(8 * v, 8 * v + 8).some((g) => g !== 0),
    );
    expect(touched).toEqual([false, false, true, false]);
  });

  it('refuses periodic functions of more numbers than there are', () => {
    expect(() => createLab({ sizes: [1, 1], periodic: 2, batchSize: 2 })).toThrow(
      'periodic: expected at most the 1 inputs',
    );
  });
});
