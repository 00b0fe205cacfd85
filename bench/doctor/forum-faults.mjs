/**
 * Faults as people bring them to forums ("my network predicts the mean", "my loss is NaN after an hour"), written before any
 * finding was made for them. Entries are as in faults.mjs.
 */
import { addColumn, isRegression, map, noise, numbers, spread, withLoss, withOptions } from './planting.mjs';

const isClasses = (subject) => !isRegression(subject);
const isAdam = ({ options }) => (options.optimizer ?? 'adam').startsWith('adam');
const firstNumber = (f) => (subject) => {
  const [name] = numbers(subject);
  subject.columns[name] = map(subject.columns[name], f);
};
const hasNumbers = (subject) => numbers(subject).length > 0;
const keepRows = (subject, count) => {
  for (const [name, values] of Object.entries(subject.columns)) subject.columns[name] = values.slice(0, count);
};
const changeTarget = (f) => (subject) => {
  const { columns, target } = subject;
  columns[target] = map(columns[target], f(columns[target]));
};

export const FORUM_FAULTS = {
  'a third of a column in metres, the rest in centimetres': {
    plant: addColumn('height', ({ columns, target }) =>
      map(columns[target], (_, i) => (140 + 60 * noise(i)) / (i % 3 === 1 ? 100 : 1)),
    ),
    expects: ['mixed_units'],
  },
  '-999 for a target that nobody measured': {
    fits: isRegression,
    plant: changeTarget(() => (v, i) => (i % 50 === 3 ? -999 : v)),
    expects: ['sentinel_values', 'outliers'],
  },
  'one target in ten in thousands': {
    fits: isRegression,
    plant: changeTarget(() => (v, i) => (50 + 40 * noise(i) + Math.sign(v)) * (i % 10 === 1 ? 0.001 : 1)),
    expects: ['mixed_units'],
    entails: ['no_signal'],
  },
  '-999 in a column that is capped at its other end': {
    plant: addColumn('capped', ({ columns, target }) =>
      map(columns[target], (_, i) => (i % 25 === 3 ? -999 : Math.min(50, 60 * noise(i)))),
    ),
    expects: ['sentinel_values'],
  },
  'a target over many decades': {
    fits: isRegression,
    plant: changeTarget((y) => {
      const [size, mean] = [spread(y), y.reduce((sum, v) => sum + v / y.length, 0)];
      return (v) => Math.exp((6 * (v - mean)) / size);
    }),
    expects: ['outliers', 'skewed_target'],
  },
  'classes spelt in two ways': {
    fits: isClasses,
    plant: changeTarget(() => (v, i) => (i % 5 === 2 ? `${v.toUpperCase()} ` : v)),
    expects: ['spelling_variants'],
    entails: ['rare_class', 'no_signal'],
  },
  'numbers with their unit, as text': {
    fits: hasNumbers,
    plant: firstNumber((v) => `${v.toFixed(2)} kg`),
    expects: ['numbers_as_text'],
    entails: ['no_signal'],
  },
  'dates as text': {
    plant: addColumn('sold', ({ columns, target }) =>
      map(columns[target], (_, i) => new Date(1.5e12 + 864e5 * Math.floor(900 * noise(i))).toISOString().slice(0, 10)),
    ),
    expects: ['dates_as_text'],
  },
  'weight decay of 100': {
    plant: withOptions({ optimizer: 'adamw', learningRate: 1e-3, weightDecay: 100 }),
    expects: ['regularised_away'],
    entails: ['rate_too_large'],
  },
  'a warm-up longer than the run': {
    plant: withOptions({ warmupSteps: 1_000_000 }),
    expects: ['rate_too_small', 'warmup_too_long'],
  },
  'the whole table as one batch, three times': {
    plant: withOptions({ batchSize: 'full', epochs: 3 }),
    expects: ['too_few_updates', 'rate_too_small'],
  },
  'Adam with an epsilon of 1000': {
    fits: isAdam,
    plant: withOptions({ epsilon: 1000 }),
    expects: ['rate_too_small'],
  },
  'Adam with a beta1 of 0.9999': {
    fits: isAdam,
    plant: withOptions({ beta1: 0.9999 }),
    expects: ['long_memory'],
    entails: ['rate_too_small', 'rate_too_large'],
  },
  'held-out rows in other units': {
    fits: hasNumbers,
    plant: (subject) => {
      const { columns } = subject;
      const changed = new Set(numbers(subject));
      subject.validation = Object.fromEntries(
        Object.entries(columns).map(([name, values]) => [
          name,
          values.slice(0, 200).map((v) => (changed.has(name) ? 1.8 * v + 32 : v)),
        ]),
      );
      keepRowsAfter(subject, 200);
    },
    expects: ['held_out_differs'],
  },
  'scored on the rows that it trained on': {
    plant: (subject) => {
      subject.validation = structuredClone(subject.columns);
    },
    expects: ['duplicate_rows'],
  },
  'percentage error with one target of zero': {
    fits: isRegression,
    plant: (subject) => {
      changeTarget((y) => {
        const [size, mean] = [spread(y), y.reduce((sum, v) => sum + v / y.length, 0)];
        return (v, i) => (i === 7 ? 0 : 8 + (v - mean) / size);
      })(subject);
      subject.options.scaleTarget = 'none';
      withLoss({
        loss: '* 0 + p.reduce((s, v, i) => s + Math.abs(v - y[i]) / Math.abs(y[i]), 0) / p.length',
        gradient: 'Math.sign(v - y[i]) / Math.abs(y[i]) / p.length',
      })(subject);
    },
    expects: ['loss_not_finite'],
    entails: ['rate_too_small', 'rate_too_large'],
  },
  'accuracy as a loss': {
    fits: isRegression,
    plant: withLoss({ loss: '* 0 + p.filter((v, i) => Math.abs(v - y[i]) > 0.5).length / p.length', gradient: '0' }),
    expects: ['flat_loss'],
    entails: ['vanishing_gradient', 'rate_too_small', 'gradient_wrong'],
  },
  'layers without an activation': {
    fits: ({ options }) => options.hidden.length > 1,
    plant: withOptions({ activation: 'identity' }),
    expects: ['linear_network'],
    entails: ['rate_too_large', 'rate_too_small'],
  },
  'a dozen rows': {
    plant: (subject) => keepRows(subject, 12),
    expects: ['few_rows'],
    entails: ['rare_class', 'no_signal', 'rate_too_small', 'identifier_feature'],
  },
  'the row number as the target': {
    fits: isRegression,
    plant: changeTarget(() => (_, i) => 1000 + ((i * 7919) % 10007)),
    expects: ['no_signal'],
  },
  'a weight of 1000 on the first class': {
    fits: isClasses,
    plant: (subject) => {
      const classes = new Set(subject.columns[subject.target]).size;
      subject.options.classWeights = [1000, ...new Array(classes - 1).fill(1)];
    },
    expects: ['row_weights', 'class_weights'],
    entails: ['rate_too_large', 'rate_too_small', 'start_loss'],
  },
  'last bias far off': {
    // A bias that all classes share is nothing to a softmax.
    fits: ({ columns, target }) => typeof columns[target][0] === 'number' || new Set(columns[target]).size === 2,
    plant: (subject) => {
      subject.options.init = { bias: 50, biasOf: `b${subject.options.hidden.length}` };
    },
    expects: ['start_loss', 'bad_initialisation'],
    entails: ['rate_too_small', 'rate_too_large'],
  },
  'forty narrow layers': {
    plant: withOptions({ hidden: new Array(40).fill(8) }),
    expects: ['vanishing_gradient', 'exploding_gradient', 'bad_initialisation', 'dead_units', 'saturated_units'],
    entails: ['rate_too_small', 'rate_too_large', 'start_loss', 'dead_units', 'saturated_units'],
  },
};

function keepRowsAfter(subject, count) {
  for (const [name, values] of Object.entries(subject.columns)) subject.columns[name] = values.slice(count);
}
