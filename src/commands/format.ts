/** Numbers, durations, tables and networks as people read them. */
import type { NetworkSpec } from '../nn/network.js';

/** Four significant digits, without an exponent where plain digits are short enough: 0.8012, 50210, 1.2e-7. */
export function formatNumber(value: number | null): string {
  if (value === null) return 'undefined';
  if (!Number.isFinite(value) || value === 0) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1e9 || magnitude < 1e-4) return value.toExponential(3);
  return magnitude >= 1e4 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

/** Seconds since 1970 as 2024-02-29 12:30:00 (UTC), as 2024-02-29 at midnight. */
export function formatTime(seconds: number): string {
  const date = new Date(1000 * seconds);
  if (Number.isNaN(date.getTime())) return formatNumber(seconds);
  return date.toISOString().slice(0, 19).replace('T', ' ').replace(' 00:00:00', '');
}

/** A count with a unit: 950, 12.3k, 4.56M. */
export function formatCount(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return unit === 0 ? String(Math.round(scaled)) : `${Number(scaled.toPrecision(3))}${units[unit]}`;
}

/** Bytes as 0.4 MB, 12 MB, 3400 MB. */
export function formatMegabytes(bytes: number): string {
  const megabytes = bytes / 1e6;
  return `${megabytes < 9.95 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`;
}

/** "1 row", "2 rows". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Seconds as 0.4s, 12s, 3m05s, 2h07m. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const pad = (n: number) => String(n).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`;
}

/** "rmse 50210  mae 33120  r2 0.8012"; a score that the rows do not define is "undefined". */
export function formatMetrics(metrics: object): string {
  return Object.entries(metrics as Record<string, number | null>)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join('  ');
}

/** Those that are shown while training: there is one line. */
const MAIN_METRICS = ['rmse', 'mae', 'r2', 'pinball', 'coverage', 'accuracy', 'logLoss', 'auc'];

export function formatMainMetrics(metrics: object): string {
  return formatMetrics(Object.fromEntries(Object.entries(metrics).filter(([name]) => MAIN_METRICS.includes(name))));
}

/** Rows of cells as aligned lines: text to the left, numbers to the right; control characters as JSON writes them. */
export function formatTable(table: readonly (readonly string[])[]): string {
  const rows = table.map((row) => row.map(showControls));
  const widths = rows.reduce<number[]>((all, row) => {
    return row.map((cell, i) => Math.max(all[i] ?? 0, cell.length));
  }, []);
  const isNumber = (cell: string) => /^-?[\d.]+(e[+-]\d+)?$/.test(cell);
  return rows
    .map((row) => row.map((cell, i) => (isNumber(cell) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))))
    .map((row) => row.join('  ').trimEnd())
    .join('\n');
}

function showControls(cell: string): string {
  return cell.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}

/** A network in a few words: widths, activation, pieces. */
export function networkWords(network: NetworkSpec): string {
  const { sizes, activation, blend, inputScale, residual, layerNorm, periodic, embeddings } = network;
  return [
    sizes.join('-'),
    blend ? `learned ${activation}` : activation,
    ...(residual ? ['residual'] : []),
    ...(layerNorm ? ['layer norm'] : []),
    ...(inputScale ? ['learned input scale'] : []),
    ...(periodic > 0 ? [`waves of ${plural(periodic, 'number')}`] : []),
    ...(embeddings.length > 0 ? [`vectors for ${plural(embeddings.length, 'column')}`] : []),
  ].join(', ');
}
