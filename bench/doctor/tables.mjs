/**
 * Tables to plant faults in: columns of plain numbers or strings, a target, and the options that train well on it. Generated,
 * the same each time. A table on disk is read by its own path instead (see bench.mjs).
 */

function random(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

const column = (rows, make) => Array.from({ length: rows }, (_, i) => make(i));

function linear() {
  const { normal } = random(1);
  const x = [0, 1, 2, 3, 4].map(() => column(400, normal));
  const y = column(400, (i) => 3 * x[0][i] - 2 * x[1][i] + x[2][i] + 0.5 * normal() + 20);
  return {
    columns: { x0: x[0], x1: x[1], x2: x[2], x3: x[3], x4: x[4], y },
    target: 'y',
    options: { hidden: [16], optimizer: 'momentum', learningRate: 0.01 },
  };
}

/** Friedman, "Multivariate adaptive regression splines", Ann. Statist. 19, 1991. */
function friedman() {
  const { uniform, normal } = random(2);
  const x = [0, 1, 2, 3, 4, 5].map(() => column(800, uniform));
  const y = column(
    800,
    (i) =>
      10 * Math.sin(Math.PI * x[0][i] * x[1][i]) + 20 * (x[2][i] - 0.5) ** 2 + 10 * x[3][i] + 5 * x[4][i] + normal(),
  );
  return {
    columns: { a: x[0], b: x[1], c: x[2], d: x[3], e: x[4], f: x[5], y },
    target: 'y',
    options: { hidden: [32, 16] },
  };
}

function prices() {
  const { uniform, normal } = random(3);
  const area = column(1200, () => Math.exp(4.5 + 0.4 * normal()));
  const year = column(1200, () => Math.floor(1900 + 120 * uniform()));
  const place = column(1200, () => ['centre', 'north', 'south', 'west'][Math.floor(4 * uniform())]);
  const price = column(
    1200,
    (i) => 2000 * area[i] * (place[i] === 'centre' ? 1.5 : 1) + 300 * (year[i] - 1900) + 1e4 * normal(),
  );
  return {
    columns: { area, year, place, price },
    target: 'price',
    options: { hidden: [32, 32], activation: 'leaky_relu' },
  };
}

function rings() {
  const { normal } = random(4);
  const x = [0, 1, 2].map(() => column(900, normal));
  const inside = column(900, (i) => (x[0][i] ** 2 + x[1][i] ** 2 + 0.1 * normal() > 1.4 ? 'out' : 'in'));
  return {
    columns: { x: x[0], y: x[1], z: x[2], inside },
    target: 'inside',
    options: { hidden: [24, 24], activation: 'tanh' },
  };
}

function blobs() {
  const { uniform, normal } = random(5);
  const label = column(1000, () => Math.floor(5 * uniform()));
  const centres = [0, 1, 2, 3, 4].map(() => [3 * normal(), 3 * normal(), 3 * normal(), 3 * normal()]);
  const x = [0, 1, 2, 3].map((d) => column(1000, (i) => centres[label[i]][d] + 1.5 * normal()));
  return {
    columns: { p: x[0], q: x[1], r: x[2], s: x[3], kind: label.map((k) => `kind ${k}`) },
    target: 'kind',
    options: { hidden: [32], optimizer: 'adamw' },
  };
}

function waves() {
  const { uniform, normal } = random(6);
  const t = column(700, () => 4 * uniform());
  const noise = [0, 1, 2].map(() => column(700, normal));
  const y = column(700, (i) => Math.sin(3 * t[i]) * (1 + 0.2 * noise[0][i]) + 0.05 * normal());
  return {
    columns: { t, n0: noise[0], n1: noise[1], n2: noise[2], y },
    target: 'y',
    options: { hidden: [48, 24], activation: 'tanh', optimizer: 'sgd', learningRate: 0.05, batchSize: 64 },
  };
}

function counts() {
  const { uniform, normal } = random(7);
  const hour = column(1500, () => Math.floor(24 * uniform()));
  const warm = column(1500, () => 15 + 8 * normal());
  const wind = column(1500, () => Math.abs(6 * normal()));
  const rides = column(1500, (i) =>
    Math.max(0, Math.round(60 + 40 * Math.sin(hour[i] / 4) + 3 * warm[i] - 2 * wind[i] + 10 * normal())),
  );
  return { columns: { hour, warm, wind, rides }, target: 'rides', options: { hidden: [64, 32] } };
}

export const TABLES = { linear, friedman, prices, rings, blobs, waves, counts };
