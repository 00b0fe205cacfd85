/** The table of bench.mjs as Markdown. */
import { availableParallelism, cpus, release, type } from 'node:os';

export function describeMachine() {
  return `${cpus()[0].model}, ${availableParallelism()} cores, ${type()} ${release().split('-')[0]}, Node ${process.versions.node}`;
}

export function titleOf(threads, instructions) {
  const title = `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return instructions === 'all' ? title : `${title}, all held to ${instructions.toUpperCase()}`;
}

/** For each of paragrad's kernel sets: its name, and the fastest other peer with paragrad's rows/s over that peer's. */
export function fastestOf({ rows }) {
  const others = rows.filter(({ own }) => !own);
  const fastest = others.toSorted((a, b) => b.rate - a.rate)[0];
  if (fastest === undefined) return [];
  return fastest.ratios.map(({ to, ratio }) => [to, { name: fastest.name, ratio }]);
}

/**
 * @param sections { sizes, batch, title, rows: [{ name, own, rate, ratios }] }
 * @param versions of each peer, by name
 */
export function markdown(sections, machine, versions, { rounds, ms }) {
  const lines = [
    '# Training steps next to other libraries',
    '',
    'Written by `npm run bench:peers` (`bench/peers/bench.mjs` says how it is measured). Plain SGD, mean squared error, ReLU;',
    'the same rows, batches and first weights, and losses that agree where the arithmetic is the same (all but brain.js).',
    "Medians of rows/s; after them paragrad's rows/s over that peer's, the median of the ratios within a round.",
    '',
    `${machine}; ${new Date().toISOString().slice(0, 10)}; ${rounds} rounds of ${ms} ms.`,
    `${[...versions].map(([name, version]) => `${name} ${version}`).join(', ')}.`,
  ];
  for (const title of new Set(sections.map((section) => section.title))) {
    const own = sections.filter((section) => section.title === title);
    lines.push('', `## ${title}`, '');
    lines.push(`| | ${own.map(({ sizes, batch }) => `${sizes.join('-')} b${batch}`).join(' | ')} |`);
    lines.push(`| --- |${' --- |'.repeat(own.length)}`);
    for (const name of new Set(own.flatMap(({ rows }) => rows.map((row) => row.name)))) {
      const cells = own.map(({ rows }) => cell(rows.find((row) => row.name === name)));
      lines.push(`| ${name} | ${cells.join(' | ')} |`);
    }
    const best = own.map((section) => new Map(fastestOf(section)));
    for (const name of new Set(best.flatMap((entry) => [...entry.keys()]))) {
      const cells = best.map((entry) =>
        entry.has(name) ? `${entry.get(name).ratio.toFixed(2)}x ${entry.get(name).name}` : '',
      );
      lines.push(`| **${name} over the fastest** | ${cells.join(' | ')} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function cell(row) {
  if (row === undefined) return '';
  const rate = row.rate.toExponential(2).replace('e+', 'e');
  return row.own ? rate : `${rate} (${row.ratios.map(({ ratio }) => ratio.toPrecision(3)).join(', ')})`;
}
