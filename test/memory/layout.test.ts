import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BARRIER_LINES, barrierLine, LINE_BYTES, WORKER_COUNTER_BYTES } from '../../src/memory/control.js';
import { type Layout, type LayoutRequest, planLayout } from '../../src/memory/layout.js';

const request: fc.Arbitrary<LayoutRequest> = fc.record({
  parameters: fc.integer({ min: 1, max: 4000 }).map((n) => n * 16),
  slots: fc.integer({ min: 0, max: 3 }),
  shards: fc.integer({ min: 0, max: 8 }).map((n) => 1 << n),
  gradientBuffers: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 17 }),
  rows: fc.constantFrom(4, 128, 256),
  inputStride: fc.integer({ min: 1, max: 20 }).map((n) => n * 8),
  outputStrides: fc.array(fc.constantFrom(1, 8, 16, 64, 104), { minLength: 1, maxLength: 4 }),
  slopeStrides: fc.array(fc.constantFrom(8, 16, 64), { maxLength: 3 }),
  bendStrides: fc.array(fc.constantFrom(8, 16, 64), { maxLength: 3 }),
  scaledWeights: fc.constantFrom(0, 16, 4096),
  codes: fc.integer({ min: 0, max: 3 }),
  derivedStride: fc.constantFrom(0, 8, 24),
  embedding: fc.constantFrom(0, 8, 4000),
  passedStrides: fc.array(fc.constantFrom(0, 8, 16, 64), { maxLength: 3 }),
  normStrides: fc.array(fc.constantFrom(8, 16, 64), { maxLength: 3 }),
  skipStride: fc.constantFrom(0, 8, 64),
  penaltyGradients: fc.integer({ min: 0, max: 1 }),
  targets: fc.integer({ min: 1, max: 5 }),
  workspaceBytes: fc.constantFrom(0, 4096, 1 << 20),
});

/** Every buffer of a plan, as [start, end) bytes. */
function buffers(layout: Layout, r: LayoutRequest): { name: string; start: number; end: number }[] {
  const widest = Math.max(...r.outputStrides);
  const buffer = (name: string, start: number, bytes: number) => ({ name, start, end: start + bytes });
  const vector = (name: string, start: number) => buffer(name, start, r.parameters * 4);
  return [
    buffer('barriers', layout.barriers, BARRIER_LINES * LINE_BYTES),
    buffer('shardSums', layout.shardSums, r.shards * 16),
    buffer('chunkSums', layout.chunkSums, Math.ceil(r.parameters / 4096) * 16),
    buffer('losses', layout.losses, 16384 * 8),
    vector('parameters', layout.parameters),
    ...layout.slots.map((start) => vector('slot', start)),
    ...layout.penaltyGradients.map((start) => buffer('penalty gradient', start, r.parameters * 8)),
    ...layout.workers.flatMap((worker, w) => [
      buffer('counters', worker.counters, WORKER_COUNTER_BYTES),
      ...worker.gradients.map((start) => vector(`gradient of ${w}`, start)),
      buffer('order', worker.order, r.rows * 4),
      buffer('input', worker.input, r.rows * r.inputStride * 4),
      buffer('targets', worker.targets, r.rows * r.targets * 4),
      buffer('weights', worker.weights, r.rows * 4),
      ...worker.outputs.map((start, i) => buffer('outputs', start, r.rows * r.outputStrides[i] * 4)),
      ...worker.slopes.map((start, i) => buffer('slopes', start, r.rows * r.slopeStrides[i] * 4)),
      ...worker.normalised.map((start, i) => buffer('normalised', start, r.rows * r.normStrides[i] * 4)),
      ...worker.inverseSpreads.map((start) => buffer('inverse spreads', start, r.rows * 4)),
      ...worker.passed.map((start, i) => buffer('passed', start, r.rows * r.passedStrides[i] * 4)),
      buffer('skip delta', worker.skipDelta, r.rows * r.skipStride * 4),
      ...worker.deltas.map((start) => buffer('delta', start, r.rows * widest * 4)),
      buffer('workspace', worker.workspace, r.workspaceBytes),
    ]),
  ];
}

describe('planLayout', () => {
  it('gives every buffer its own 64-byte lines, inside the memory', () => {
    fc.assert(
      fc.property(request, (r) => {
        const layout = planLayout(r);
        const all = buffers(layout, r).sort((a, b) => a.start - b.start || a.end - b.end);
        all.forEach(({ start, end, name }, i) => {
          expect(start % LINE_BYTES, name).toBe(0);
          const previous = all[i - 1];
          if (previous)
            expect(start, `${name} after ${previous.name}`).toBeGreaterThanOrEqual(Math.ceil(previous.end / 64) * 64);
          expect(end, name).toBeLessThanOrEqual(layout.bytes);
        });
        expect(layout.pages * 65536).toBeGreaterThanOrEqual(layout.bytes);
        expect(layout.pages * 65536 - layout.bytes).toBeLessThan(65536);
        expect(layout.slots.length).toBe(r.slots);
        expect(layout.workers.map((worker) => worker.gradients.length)).toEqual(r.gradientBuffers);
        for (const worker of layout.workers) expect(worker.slopes.length).toBe(r.slopeStrides.length);
      }),
    );
  });

  it('staggers the bases of page-sized buffers, so that no two of a worker share their low 12 bits', () => {
    const layout = planLayout({
      parameters: 4096 * 4,
      slots: 2,
      shards: 4,
      gradientBuffers: [3, 3],
      rows: 256,
      inputStride: 64,
      outputStrides: [256, 256, 16],
      slopeStrides: [],
      bendStrides: [],
      scaledWeights: 0,
      codes: 0,
      derivedStride: 0,
      embedding: 0,
      passedStrides: [],
      normStrides: [],
      skipStride: 0,
      penaltyGradients: 0,
      targets: 1,
      workspaceBytes: 1 << 20,
    });
    const [worker] = layout.workers;
    const large = [
      layout.parameters,
      ...layout.slots,
      ...worker.gradients,
      worker.input,
      ...worker.outputs,
      ...worker.deltas,
    ];
    expect(new Set(large.map((start) => start % 4096)).size).toBe(large.length);
  });

  it('is pure and frozen to the last offset', () => {
    fc.assert(
      fc.property(request, (r) => {
        const layout = planLayout(r);
        expect(planLayout(structuredClone(r))).toEqual(layout);
        expect(Object.isFrozen(layout)).toBe(true);
        expect(Object.isFrozen(layout.workers[0].gradients)).toBe(true);
        expect(() => Object.assign(layout.workers[0], { input: 0 })).toThrow(TypeError);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses more than 4 GiB, with the numbers', () => {
    const huge = {
      parameters: 40_000_000,
      slots: 2,
      shards: 8,
      gradientBuffers: [4, 4, 4, 4, 4, 4, 4, 4],
      rows: 256,
      inputStride: 8,
      outputStrides: [8],
      slopeStrides: [],
      bendStrides: [],
      scaledWeights: 0,
      codes: 0,
      derivedStride: 0,
      embedding: 0,
      passedStrides: [],
      normStrides: [],
      skipStride: 0,
      penaltyGradients: 0,
      targets: 1,
      workspaceBytes: 0,
    };
    expect(() => planLayout(huge)).toThrow(
      /5\.2\d GiB .*4 GiB.*40000000 parameters.*2 optimizer slots \+ 32 gradient buffers.*8 workers and 8 shards/,
    );
  });

  it('gives neighbouring segments different barrier lines, inside their buffer', () => {
    const lines = Array.from({ length: BARRIER_LINES }, (_, segment) => barrierLine(128, segment));
    expect(new Set(lines).size).toBe(BARRIER_LINES);
    expect(Math.max(...lines)).toBeLessThan(128 + BARRIER_LINES * LINE_BYTES);
    expect(barrierLine(128, BARRIER_LINES)).toBe(128);
  });
});
