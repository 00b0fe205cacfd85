/** Writes a chart to a file. What draws it is loaded only now: it is large, and most commands draw nothing. */
import type { Chart } from '../plot/chart.js';
import { writeWhole } from '../train/atomic-file.js';

/** @throws ParagradError where the file cannot be written */
export async function writeChart(path: string, chart: Chart): Promise<void> {
  const { drawSvg } = await import('../plot/svg.js');
  await writeWhole(path, drawSvg(chart));
}
