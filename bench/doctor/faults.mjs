/**
 * The faults that bench.mjs plants. To add one, add an entry:
 *
 *   fits(subject)   whether it can be planted (absent: always)
 *   plant(subject)  changes subject.columns or subject.options in place; `loss` and `init` are made into files by the bench
 *   expects         finding codes any one of which names the fault
 *   entails         codes that are also true of it: consequences, counted neither for nor against
 */

import { addColumn, changeNumbers, isRegression, map, numbers, setRate, withLoss } from './planting.mjs';

const LARGE_STEPS = ['dead_units', 'saturated_units'];

export const FAULTS = {
  sign: { fits: isRegression, plant: withLoss({ gradient: '2 * (y[i] - v) / p.length' }), expects: ['gradient_sign'] },
  'sum against mean': {
    fits: isRegression,
    plant: withLoss({ gradient: '2 * (v - y[i])' }),
    expects: ['sum_against_mean'],
  },
  'mean against sum': {
    fits: isRegression,
    plant: withLoss({ loss: '' }),
    expects: ['sum_against_mean'],
    entails: ['rate_too_large', ...LARGE_STEPS],
  },
  factor: { fits: isRegression, plant: withLoss({ gradient: '(v - y[i]) / p.length' }), expects: ['gradient_factor'] },
  'another gradient': {
    fits: isRegression,
    plant: withLoss({ gradient: 'Math.sign(v - y[i]) / p.length' }),
    expects: ['gradient_wrong'],
  },
  'penalty in the gradient only': {
    fits: isRegression,
    plant: withLoss({ more: 'export const penaltyGradient = (w) => w.map((v) => 0.003 * v);' }),
    expects: ['penalty_not_in_loss'],
  },
  'penalty in the loss only': {
    fits: isRegression,
    plant: withLoss({ more: 'export const penalty = (w) => 0.0015 * w.reduce((s, v) => s + v * v, 0);' }),
    expects: ['penalty_not_in_gradient'],
  },
  'rate too large': { plant: setRate(1000), expects: ['rate_too_large'], entails: LARGE_STEPS },
  'rate too small': { plant: setRate(1e-4), expects: ['rate_too_small'] },
  'unscaled target': {
    fits: isRegression,
    plant: (subject) => {
      const { columns, target, options } = subject;
      columns[target] = map(columns[target], (v) => 1000 * v + 5000);
      options.scaleTarget = 'none';
    },
    expects: ['unscaled_target'],
    entails: ['rate_too_large', 'rate_too_small', 'start_loss', ...LARGE_STEPS],
  },
  'unscaled feature': {
    fits: (subject) => numbers(subject).length > 0,
    plant: (subject) => {
      changeNumbers((v) => 1e4 * v)(subject);
      subject.options.scale = 'none';
    },
    expects: ['unscaled_feature'],
    entails: ['rate_too_large', 'rate_too_small', 'start_loss', ...LARGE_STEPS],
  },
  'weights too large': {
    plant: ({ options }) => {
      options.init = { scale: 40 };
    },
    expects: ['bad_initialisation'],
    entails: ['start_loss', 'rate_too_large', 'rate_too_small', ...LARGE_STEPS],
  },
  'weights all alike': {
    plant: ({ options }) => {
      options.init = { constant: 0.1 };
    },
    expects: ['bad_initialisation'],
    entails: ['start_loss', 'rate_too_small', ...LARGE_STEPS],
  },
  'dead units': {
    fits: ({ options }) => (options.activation ?? 'relu') === 'relu',
    plant: ({ options }) => {
      options.init = { bias: -50 };
    },
    expects: ['dead_units'],
  },
  'saturated units': {
    fits: ({ options }) => options.activation === 'tanh',
    plant: ({ options }) => {
      options.init = { bias: 8 };
    },
    expects: ['saturated_units'],
    entails: ['rate_too_small', 'start_loss'],
  },
  'label leak': {
    plant: (subject) =>
      addColumn('later', ({ columns, target }) => {
        const y = columns[target];
        const codes = [...new Set(y)];
        const value = typeof y[0] === 'number' ? (v) => v : (v) => codes.indexOf(v);
        const size = Math.max(...y.map((v) => Math.abs(value(v))));
        return map(y, (v, i) => value(v) + 0.005 * size * Math.sin(i));
      })(subject),
    expects: ['label_leak'],
  },
  'NaN row': {
    fits: isRegression,
    plant: ({ columns, target }) => {
      columns[target][7] = Number.NaN;
    },
    expects: ['missing_target'],
  },
  'infinite value': {
    plant: changeNumbers((v, i) => (i === 5 ? Number.POSITIVE_INFINITY : v)),
    expects: ['infinite_values'],
  },
  outlier: { plant: changeNumbers((v, i) => (i === 9 ? 1e7 : v)), expects: ['outliers'] },
  'number for missing': { plant: changeNumbers((v, i) => (i % 20 === 3 ? -9999 : v)), expects: ['sentinel_values'] },
  'wrong loss for the task': {
    plant: (subject) => {
      const { columns, target, options } = subject;
      const y = columns[target];
      const ordered = [...new Set(y)].sort((a, b) => (a < b ? -1 : 1));
      columns[target] = map(y, (v) => (v < ordered[ordered.length >> 1] ? 0 : 1));
      Object.assign(options, { task: 'regression' });
    },
    expects: ['wrong_loss'],
  },
  'constant column': {
    plant: addColumn('same', ({ columns, target }) => map(columns[target], () => 3)),
    expects: ['constant_feature'],
  },
  'column twice': {
    fits: (s) => numbers(s).length > 0,
    plant: addColumn('again', (s) => map(s.columns[numbers(s)[0]], (v) => 2 * v + 1)),
    expects: ['duplicate_feature'],
  },
  'identifier as a feature': {
    plant: addColumn('id', ({ columns, target }) =>
      map(columns[target], (_, i) => 1000 + ((i * 11) % columns[target].length)),
    ),
    expects: ['identifier_feature'],
    entails: [],
  },
};

/** Pairs that are planted together, in this order. */
export const PAIRS = [
  ['sign', 'rate too large'],
  ['sum against mean', 'penalty in the gradient only'],
  ['unscaled target', 'sign'],
  ['rate too large', 'label leak'],
  ['weights too large', 'column twice'],
  ['unscaled feature', 'rate too large'],
  ['outlier', 'constant column'],
  ['identifier as a feature', 'rate too small'],
  ['factor', 'label leak'],
  ['dead units', 'label leak'],
];
