/**
 * More faults, of the kind that users meet and that no specification lists; written after the findings, by another hand than
 * theirs. Entries are as in faults.mjs.
 */
import { addColumn, isRegression, map, noise, numbers, setRate, spread, withLoss, withOptions } from './planting.mjs';

const isClasses = (subject) => !isRegression(subject);
const isRelu = ({ options }) => (options.activation ?? 'relu') === 'relu';
const eachColumn = (subject, f) => {
  for (const [name, values] of Object.entries(subject.columns)) subject.columns[name] = f(values, name);
};

const RATE = ['rate_too_large', 'rate_too_small'];
const UNITS = ['dead_units', 'saturated_units'];

export const EVERYDAY_FAULTS = {
  'target in tiny units': {
    fits: isRegression,
    plant: (subject) => {
      const { columns, target } = subject;
      const size = spread(columns[target]);
      columns[target] = map(columns[target], (v) => (1e-6 * v) / size);
      subject.options.scaleTarget = 'none';
    },
    expects: ['unscaled_target'],
    entails: [...RATE, 'start_loss', 'regularised_away'],
  },
  'the answer as text': {
    plant: (subject) =>
      addColumn('grade', ({ columns, target }) => {
        const y = columns[target];
        const step = typeof y[0] === 'number' ? spread(y) / 8 : 0;
        return map(y, (v) => (step > 0 ? `grade ${Math.round(v / step)}` : `code ${v}`));
      })(subject),
    expects: ['label_leak'],
  },
  'one of the classes as a flag': {
    fits: isClasses,
    plant: (subject) =>
      addColumn('flag', ({ columns, target }) => {
        const [first] = columns[target];
        return map(columns[target], (v) => (v === first ? 1 : 0));
      })(subject),
    expects: ['label_leak'],
  },
  'a leak with noise': {
    fits: isRegression,
    plant: (subject) =>
      addColumn('estimate', ({ columns, target }) => {
        const size = spread(columns[target]);
        return map(columns[target], (v, i) => v + 0.2 * size * (noise(i) - 0.5));
      })(subject),
    expects: ['label_leak'],
  },
  'every row twice': {
    plant: (subject) => {
      eachColumn(subject, (values) => [...values, ...values]);
      subject.options.validation = 0.2;
    },
    expects: ['duplicate_rows'],
  },
  'a quarter of the rows four times': {
    plant: (subject) => {
      eachColumn(subject, (values) => {
        const part = values.slice(0, values.length / 4);
        return [...values, ...part, ...part, ...part];
      });
      subject.options.validation = 0.2;
    },
    expects: ['duplicate_rows'],
  },
  'target of another row': {
    plant: ({ columns, target }) => {
      const y = columns[target];
      columns[target] = map(y, (_, i) => y[(i * 7919 + 311) % y.length]);
    },
    expects: ['no_signal'],
  },
  'squares on logits': {
    fits: ({ columns, target }) => new Set(columns[target]).size === 2,
    plant: withLoss({}),
    expects: ['wrong_loss'],
  },
  'a loss that is no number below zero': {
    fits: isRegression,
    plant: withLoss({ gradient: '1 / v / p.length', loss: '+ p.reduce((s, v) => s + Math.log(v), 0)' }),
    expects: ['loss_not_finite', 'gradient_wrong'],
    entails: ['gradient_wrong', ...RATE],
  },
  'penalty of twice the gradient': {
    fits: isRegression,
    plant: withLoss({
      more: 'export const penalty = (w) => 0.01 * w.reduce((s, v) => s + v * v, 0); export const penaltyGradient = (w) => w.map((v) => 0.01 * v);',
    }),
    expects: ['penalty_mismatch'],
  },
  'gradient right on one side only': {
    fits: isRegression,
    plant: withLoss({ gradient: '(v > y[i] ? 2 : 1) * (v - y[i]) / p.length' }),
    expects: ['gradient_wrong'],
  },
  'nearly all weight on a few rows': {
    plant: (subject) => {
      addColumn('weight', ({ columns, target }) => map(columns[target], (_, i) => (i % 200 === 7 ? 1e6 : 1)))(subject);
      subject.options.weightColumn = 'weight';
    },
    expects: ['row_weights'],
  },
  'a large constant, not scaled': {
    plant: (subject) => {
      addColumn('version', ({ columns, target }) => map(columns[target], () => 20240))(subject);
      subject.options.scale = 'none';
    },
    expects: ['constant_feature', 'unscaled_feature'],
    entails: ['unscaled_feature', ...RATE, ...UNITS, 'start_loss', 'exploding_gradient', 'vanishing_gradient'],
  },
  'second layer dead': {
    fits: (subject) => isRelu(subject) && subject.options.hidden.length > 1,
    plant: withOptions({ init: { bias: -50, biasOf: 'b1' } }),
    expects: ['dead_units'],
    entails: ['vanishing_gradient', 'rate_too_small'],
  },
  'first weights next to nothing': {
    plant: withOptions({ init: { scale: 1e-5 } }),
    expects: ['bad_initialisation'],
    entails: ['vanishing_gradient', 'rate_too_small', 'exploding_gradient'],
  },
  'momentum of 0.999': {
    fits: ({ options }) => ['momentum', 'sgd'].includes(options.optimizer),
    plant: withOptions({ optimizer: 'momentum', momentum: 0.999 }),
    expects: ['long_memory'],
    entails: ['rate_too_large', ...UNITS],
  },
  'rows one by one at a rate of 0.1': {
    fits: ({ options }) => (options.optimizer ?? 'adam').startsWith('adam'),
    plant: withOptions({ batchSize: 1, learningRate: 0.1 }),
    expects: ['rate_too_large'],
    entails: UNITS,
  },
  // Adaptive optimisers bear that on some tables.
  'rate a hundred times too large': {
    fits: ({ options }) => ['sgd', 'momentum'].includes(options.optimizer),
    plant: setRate(100),
    expects: ['rate_too_large'],
    entails: UNITS,
  },
  'one class in a thousand': {
    fits: (subject) => new Set(subject.columns[subject.target]).size === 2,
    plant: (subject) => {
      const y = subject.columns[subject.target];
      const [first, other] = [...new Set(y)];
      const keep = y.map((v, i) => v === first || i % 300 === 1);
      eachColumn(subject, (values) => values.filter((_, i) => keep[i]));
      subject.columns[subject.target][3] = other;
    },
    expects: ['imbalanced_classes'],
    entails: ['rare_class', 'no_signal', 'rate_too_small'],
  },
  'l2 of 30': { plant: withOptions({ l2: 30 }), expects: ['regularised_away'], entails: ['rate_too_large'] },
  'dropout of 0.98': { plant: withOptions({ dropout: 0.98 }), expects: ['regularised_away'], entails: RATE },
  'gradients clipped to nothing': {
    fits: ({ options }) => ['sgd', 'momentum'].includes(options.optimizer),
    plant: withOptions({ clipNorm: 1e-6 }),
    expects: ['regularised_away'],
    entails: ['rate_too_small'],
  },
  'ten layers of sigmoids': {
    plant: withOptions({ hidden: [16, 16, 16, 16, 16, 16, 16, 16, 16, 16], activation: 'sigmoid' }),
    expects: ['vanishing_gradient'],
    entails: RATE,
  },
  'a column that is hardly ever there': {
    fits: (subject) => numbers(subject).length > 0,
    plant: (subject) => {
      const [name] = numbers(subject);
      subject.columns[name] = map(subject.columns[name], (v, i) => (i % 30 === 0 ? v : Number.NaN));
    },
    expects: ['missing_values'],
    // Where it was the only column that told anything.
    entails: ['no_signal'],
  },
  'numbers read as text': {
    fits: isRegression,
    plant: ({ columns, target }) => {
      columns[target] = map(columns[target], (v) => v.toFixed(1));
    },
    expects: ['wrong_loss'],
    entails: ['rare_class'],
  },
  'a target of one value': {
    plant: ({ columns, target }) => {
      const [first] = columns[target];
      columns[target] = map(columns[target], () => first);
    },
    expects: ['constant_target'],
    entails: ['start_loss'],
  },
  'the index of a data frame': {
    plant: addColumn('Unnamed: 0', ({ columns, target }) => map(columns[target], (_, i) => i)),
    expects: ['identifier_feature'],
  },
  'a value at the end of float32': {
    fits: (subject) => numbers(subject).length > 0,
    plant: (subject) => {
      const [name] = numbers(subject);
      subject.columns[name] = map(subject.columns[name], (v, i) => (i === 11 ? 3e38 : v));
    },
    expects: ['outliers'],
    entails: RATE,
  },
};
