/**
 * Draws a chart as an SVG with echarts, without a browser. The library takes most of a second to load: import this file only when
 * somebody wants a chart. The first chart of a process has the same bytes each time (ids count charts).
 */
import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Axis, Chart, Mark, Series } from './chart.js';

use([LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

const SIZE = { width: 720, height: 440 };
const GRID = { left: 72, right: 28, top: 72, bottom: 52 };
/** Of the series, in their order. */
const COLORS = ['#0b5394', '#cc6600', '#38761d', '#777777'];
const MARK = '#aa2200';

/** @returns the text of an SVG file */
export function drawSvg({ title, x, y, series, marks }: Chart): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLORS,
    // What the library knows the widths of, without a browser.
    textStyle: { fontFamily: 'Arial, Helvetica, sans-serif' },
    grid: GRID,
    title: { text: title, left: 'center', top: 12, textStyle: { fontSize: 14 } },
    legend: { top: 38, itemGap: 28, data: series.map(legendOption) },
    xAxis: { ...axisOption(x), nameGap: 30 },
    yAxis: { ...axisOption(y), nameGap: 48 },
    series: series.map((one, i) => seriesOption(one, i, i === 0 ? markLines(marks, x, y) : [])),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function axisOption({ name, logBase, range: [min, max], label }: Axis) {
  return {
    ...(logBase === null ? { type: 'value' as const } : { type: 'log' as const, logBase }),
    name,
    nameLocation: 'middle' as const,
    min,
    max,
    axisLabel: { formatter: label },
  };
}

/** A symbol only for what is drawn as points. */
function legendOption({ name, look }: Series) {
  return { name, itemStyle: { opacity: look === 'points' ? 1 : 0 } };
}

const DASHES = { line: 'solid', faint: 'solid', dashed: 'dashed', dotted: 'dotted' } as const;

/** @param order among the series; the first ones lie on top */
function seriesOption({ name, look, points }: Series, order: number, lines: ReturnType<typeof markLines>) {
  const shared = {
    name,
    data: points.map(([x, y]) => [x, y]),
    z: 10 - order,
    markLine: { silent: true, symbol: 'none', data: lines },
  };
  if (look === 'points') return { ...shared, type: 'scatter' as const, symbolSize: 9 };
  const isFaint = look === 'faint';
  const lineStyle = { width: isFaint ? 1 : 2, opacity: isFaint ? 0.45 : 1, type: DASHES[look] };
  return { ...shared, type: 'line' as const, symbol: 'none', clip: true, lineStyle };
}

/** From end to end of the other axis: a line by its x alone is not drawn on a logarithmic axis. */
function markLines(marks: readonly Mark[], { range: [left, right], logBase }: Axis, { range: [low, high] }: Axis) {
  const middle = logBase === null ? (left + right) / 2 : Math.sqrt(left * right);
  return marks.map(({ x, name, isMain }, place) => {
    const side = x > middle ? -1 : 1;
    const start = {
      coord: [x, low],
      lineStyle: { color: MARK, type: isMain ? ('solid' as const) : ('dashed' as const), width: isMain ? 2 : 1 },
      // At the top, below each other, so that marks side by side can be read.
      label: {
        formatter: name,
        color: MARK,
        rotate: 0,
        position: 'end' as const,
        align: side > 0 ? ('left' as const) : ('right' as const),
        verticalAlign: 'top' as const,
        offset: [6 * side, 4 + 16 * place],
        backgroundColor: '#ffffffcc',
        distance: 0,
      },
    };
    return [start, { coord: [x, high] }] satisfies [object, object];
  });
}
