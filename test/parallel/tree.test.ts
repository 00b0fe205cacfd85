import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activeShards,
  defaultShards,
  ownedRange,
  planReduction,
  type Reduction,
  shardRows,
  treeSum,
} from '../../src/parallel/tree.js';

/** The sum's shape as text, by the definition alone: node = (left right), empty nodes left out. */
function definition(start: number, size: number, active: number): string | null {
  if (start >= active) return null;
  if (size === 1) return String(start);
  const left = definition(start, size / 2, active);
  const right = definition(start + size / 2, size / 2, active);
  return right === null ? left : `(${left} ${right})`;
}

/** The sum's shape as text, by carrying out the plan on buffers that hold text. */
function execute(reduction: Reduction): string | undefined {
  const memory: (string | undefined)[][] = reduction.buffers.map((count) => new Array(count).fill(undefined));
  reduction.operations.forEach((operations, w) => {
    for (const operation of operations) {
      const buffer = memory[w];
      expect(operation.buffer).toBeLessThan(buffer.length);
      if (operation.kind === 'add')
        buffer[operation.buffer] = `(${buffer[operation.buffer]} ${buffer[operation.source]})`;
      else if (operation.accumulate) buffer[operation.buffer] = `(${buffer[operation.buffer]} ${operation.shard})`;
      else buffer[operation.buffer] = String(operation.shard);
    }
  });
  for (const { destination: d, source: s } of reduction.joins) {
    memory[d.worker][d.buffer] = `(${memory[d.worker][d.buffer]} ${memory[s.worker][s.buffer]})`;
  }
  return memory[reduction.root.worker][reduction.root.buffer];
}

const arbitrary = fc
  .record({
    level: fc.integer({ min: 0, max: 7 }),
    workers: fc.integer({ min: 1, max: 20 }),
    fused: fc.boolean(),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ level, workers, fused, part }) => ({
    shards: 1 << level,
    workers,
    fused,
    active: 1 + Math.floor(part * ((1 << level) - 1)),
  }));

describe('planReduction', () => {
  it('adds the leaves along the same tree for any number of workers, empty shards and fusing', () => {
    fc.assert(
      fc.property(arbitrary, ({ shards, workers, fused, active }) => {
        expect(execute(planReduction(shards, workers, active, fused))).toBe(definition(0, shards, active));
      }),
      { numRuns: 500 },
    );
  });

  it('joins the example of the design: 8 shards on 3 workers hold (0 1) 2 | 3 (4 5) | (6 7)', () => {
    const plan = planReduction(8, 3, 8, false);
    const leaves = plan.operations.map((operations) => operations.flatMap((o) => (o.kind === 'leaf' ? [o.shard] : [])));
    expect(leaves).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ]);
    expect(execute(plan)).toBe('(((0 1) (2 3)) ((4 5) (6 7)))');
    expect(plan.buffers).toEqual([2, 3, 2]);
    expect(planReduction(8, 3, 8, true).buffers).toEqual([2, 2, 1]);
  });

  it('needs log2(S) + 1 buffers for a whole power of two, one fewer when fused, and uses every one that it asks for', () => {
    for (let level = 1; level <= 8; level++) {
      expect(planReduction(1 << level, 1, 1 << level, false).buffers).toEqual([level + 1]);
      expect(planReduction(1 << level, 1, 1 << level, true).buffers).toEqual([level]);
    }
    fc.assert(
      fc.property(arbitrary, ({ shards, workers, fused, active }) => {
        const { operations, buffers } = planReduction(shards, workers, active, fused);
        operations.forEach((list, w) => {
          const used = new Set(list.filter((o) => o.kind === 'leaf').map((o) => o.buffer));
          expect([...used].sort((a, b) => a - b)).toEqual([...Array(buffers[w]).keys()]);
        });
      }),
    );
  });

  it('fuses a leaf onto its left sibling only', () => {
    fc.assert(
      fc.property(arbitrary, ({ shards, workers, active }) => {
        for (const list of planReduction(shards, workers, active, true).operations) {
          list.forEach((operation, i) => {
            if (operation.kind !== 'leaf' || !operation.accumulate) return;
            expect(operation.shard % 2).toBe(1);
            expect(list[i - 1]).toEqual({
              kind: 'leaf',
              shard: operation.shard - 1,
              buffer: operation.buffer,
              accumulate: false,
            });
          });
        }
      }),
    );
  });
});

describe('shards', () => {
  it('cut a batch into parts of ceil(B / S) rows, the last ones short or empty', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 6 }), (batch, level) => {
        const rows = shardRows(batch, 1 << level);
        expect(rows * (1 << level)).toBeGreaterThanOrEqual(batch);
        const active = activeShards(batch, rows);
        expect(active).toBeLessThanOrEqual(1 << level);
        expect((active - 1) * rows).toBeLessThan(batch);
        expect(active * rows).toBeGreaterThanOrEqual(batch);
      }),
    );
  });

  it.each([
    [1, 1],
    [127, 1],
    [255, 1],
    [256, 2],
    [511, 2],
    [512, 4],
    [13210, 64],
  ])('default for a batch of %i rows: %i, the most with at least 128 rows each', (batch, shards) => {
    expect(defaultShards(batch)).toBe(shards);
  });
});

describe('ownedRange', () => {
  it('covers all items once, in order, sizes differing by at most one, the larger first', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer({ min: 1, max: 40 }), (count, workers) => {
        const ranges = Array.from({ length: workers }, (_, w) => ownedRange(count, workers, w));
        expect(ranges[0].start).toBe(0);
        expect(ranges[workers - 1].end).toBe(count);
        ranges.forEach((range, w) => {
          if (w > 0) expect(range.start).toBe(ranges[w - 1].end);
          expect([Math.floor(count / workers), Math.ceil(count / workers)]).toContain(range.end - range.start);
        });
      }),
    );
  });
});

describe('treeSum', () => {
  it('adds along the same tree as the gradients', () => {
    const sum = (values: readonly number[], start: number, size: number): number | null => {
      if (start >= values.length) return null;
      if (size === 1) return values[start];
      const left = sum(values, start, size / 2);
      const right = sum(values, start + size / 2, size / 2);
      return right === null ? left : left! + right;
    };
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 70 }),
        (values) => {
          let size = 1;
          while (size < values.length) size *= 2;
          expect(treeSum(Float64Array.from(values), values.length)).toBe(sum(values, 0, size));
        },
      ),
    );
    expect(treeSum(new Float64Array(4), 0)).toBe(0);
  });
});
