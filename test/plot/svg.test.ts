/** Charts as SVG: where things are drawn, and that the same chart has the same bytes. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Chart } from '../../src/plot/chart.js';
import { powerRange, roundRange } from '../../src/plot/range.js';
import { drawSvg } from '../../src/plot/svg.js';

const CHART: Chart = {
  title: 'a title',
  x: { name: 'rows', logBase: 10, range: [1, 1000], label: (value) => `${value} rows` },
  y: { name: 'loss', logBase: null, range: [0, 4], label: String },
  series: [
    {
      name: 'measured',
      look: 'points',
      points: [
        [10, 1],
        [100, 3],
      ],
    },
    {
      name: 'law',
      look: 'line',
      points: [
        [1, 0],
        [1000, 4],
      ],
    },
  ],
  marks: [{ x: 100, name: 'here', isMain: true }],
};

/** Centres of what is drawn as a circle of the chart (not of its legend), [x, y] in pixels. */
function circles(svg: string): number[][] {
  const found = [...svg.matchAll(/transform="translate\(([\d.]+) ([\d.]+)\)"[^>]*>|transform="matrix\(([^)]+)\)"/g)];
  return found.map((match) =>
    match[3] ? match[3].split(/[ ,]/).slice(4).map(Number) : [match[1], match[2]].map(Number),
  );
}

describe('an SVG', () => {
  it('names axes, ticks, series and marks', () => {
    const svg = drawSvg(CHART);
    for (const words of ['a title', 'rows', 'loss', '1000 rows', 'measured', 'law', 'here']) {
      expect(svg).toContain(`>${words}<`);
    }
  });

  it('has equal distances for equal ratios on a logarithmic axis', () => {
    const svg = drawSvg(CHART);
    const ticks = ['1 rows', '10 rows', '100 rows', '1000 rows'].map((label) => {
      const [, place] = new RegExp(`<text[^>]*translate\\(([\\d.]+) [^>]*>${label}<`).exec(svg)!;
      return Number(place);
    });
    const steps = ticks.slice(1).map((x, i) => x - ticks[i]);
    for (const step of steps) expect(step).toBeCloseTo(steps[0], 0);
    expect(circles(svg).some(([x]) => Math.abs(x - ticks[1]) < 1)).toBe(true);
  });

  it('is the same in every process', () => {
    const module = fileURLToPath(new URL('../../dist/src/plot/svg.js', import.meta.url));
    const code = `const { drawSvg } = await import(${JSON.stringify(module)});
      process.stdout.write(drawSvg({ ...${JSON.stringify(CHART)}, x: { ...${JSON.stringify(CHART.x)}, label: String }, y: { ...${JSON.stringify(CHART.y)}, label: String } }));`;
    const draw = (): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect(draw()).toBe(draw());
  });
});

it.each([
  [0.4994, 1.56, [0.4, 1.6]],
  [0, 1, [0, 1]],
  [-3, 17, [-5, 20]],
])('the ends of %d to %d are round', (low, high, expected) => expect(roundRange(low, high)).toEqual(expected));

it.each([
  [0.81, 24, 2, [0.5, 32]],
  [1e-7, 10, 10, [1e-7, 10]],
  [1, 1, 2, [1, 2]],
] as const)('powers around %d to %d, base %d', (low, high, base, expected) =>
  expect(powerRange(low, high, base)).toEqual(expected),
);
